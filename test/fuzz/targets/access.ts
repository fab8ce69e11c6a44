import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { createApiKey, findKey, parseKeyRecords } from "../../../src/contract/api-key.ts";
import { matchModels } from "../../../src/core/catalogue.ts";
import { createDecisionSigner, type DecisionRecord } from "../../../src/worker/records/decision-token.ts";
import { bytesOfText, check, outcomeOf, type Target, textOf, utf8 } from "../target.ts";

const fixedBytes = (count: number) => Uint8Array.from({ length: count }, (_, k) => (k * 73) % 256);
const made = await createApiKey("tester", fixedBytes);
if (!made.ok) throw new Error(made.failure.message);
const { key, record } = made.value;
const known = parseKeyRecords(record);
if (!known.ok) throw new Error(known.failure.message);
const records = known.value;

export const apiKey: Target = {
  name: "api-key",
  examples: () => [bytesOfText(key), bytesOfText(`${key} `), bytesOfText("sb_tester_")],
  inputs: fc
    .oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^sb_tester_[A-Za-z0-9_-]{43}$/))
    .map(bytesOfText),
  words: ["sb_", "_", "tester", "\u0000"],
  codes: ["invalid_key"],
  async run(input) {
    const presented = textOf(input);
    const found = await findKey(records, presented);
    check(
      (found !== undefined) === (presented === key),
      "a key that was never made is let in, or the real one isn't",
    );
    return found === undefined ? "invalid_key" : "accepted";
  },
};

export const keyRecords: Target = {
  name: "key-records",
  examples: () => [utf8(record), utf8(`${record},\n${record.replace("tester", "other")}`), utf8("")],
  words: [":", ",", "\n", "tester", "0".repeat(64)],
  codes: ["misconfigured"],
  run(input) {
    const text = new TextDecoder().decode(input);
    const parsed = parseKeyRecords(text);
    if (parsed.ok) {
      for (const { name, salt, hash } of parsed.value.values()) {
        check(
          text.includes(`${name}:`) && salt.length === 32 && hash.length === 32,
          "a record is not what was written",
        );
      }
    } else check(text.length < 40 || !parsed.failure.message.includes(text), "the message repeats a secret");
    return outcomeOf(parsed);
  },
};

const NOW = new Date("2026-06-01T12:00:00Z");
const MAX_AGE_MS = 24 * 3600 * 1000;
const signer = createDecisionSigner(["a secret of more than 32 characters, for tests"], MAX_AGE_MS);
const decision: DecisionRecord = {
  number: "00112233445566778899aabbccddeeff",
  decidedAt: NOW,
  bundle: "0123456789abcdef",
  encoder: "fedcba9876543210",
  model: "gpt-5.4",
  embedding: Int8Array.from({ length: 32 }, (_, k) => k - 16),
};
const HOLDER = "tester";
const token = await signer.sign(decision, HOLDER);
const old = await signer.sign({ ...decision, decidedAt: new Date("2026-01-01") }, HOLDER);

export const decisionToken: Target = {
  name: "decision-token",
  examples: () => [token, old, `dec_${"0".repeat(32)}`, `${token}=`].map(bytesOfText),
  inputs: fc
    .oneof(
      fc.string({ unit: "binary" }),
      fc.base64String().map((text) => `dec_${text}`),
      fc.stringMatching(/^dec_[\w-]{60,120}$/),
    )
    .map(bytesOfText),
  words: ["dec_", "=", "-", "_", "A"],
  codes: ["decision_invalid", "decision_unsigned", "decision_expired"],
  async run(input) {
    const read = await signer.read(textOf(input), NOW, HOLDER);
    // Base64 has spellings that differ in unused bits; whatever is accepted must be what was signed.
    if (read.ok) check(isDeepStrictEqual(read.value, decision), "a forged decision is accepted");
    check(!(await signer.read(textOf(input), NOW, "someone else")).ok, "another's decision is accepted");
    return outcomeOf(read);
  },
};

const modelIds = [
  "gpt-5.4",
  "gpt-4.1",
  "gpt-4o-mini",
  "aaaaaaaaaaaaaaaaaaaaaaab",
  "**",
  "claude-sonnet-4.6",
  "\ud800x",
];

/** First line: the pattern; what follows: a model. */
export const wildcard: Target = {
  name: "wildcard",
  examples: () =>
    ["gpt-4*", "*\ngpt-5.4", "*a*a*a*a*a*a*b\naaaaaaaaaaaaaaaaaaaaaaaa", "**", "gpt-5.4"].map(bytesOfText),
  inputs: fc
    .tuple(
      fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 12 }),
      fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 16 }),
    )
    .map(([pattern, model]) => bytesOfText(`${pattern}\n${model}`)),
  words: ["*", "**", "gpt", "a*", "\n"],
  codes: ["unmatched"],
  run(input) {
    const [pattern = "", model = ""] = textOf(input).slice(0, 400).split("\n");
    const models = [...modelIds, model];
    const { matched, unmatched } = matchModels(models, new Map(), [pattern]);
    for (const id of models) {
      check(
        matched.has(id) === meansByDefinition(pattern, id),
        `${pattern} and ${id} are matched otherwise than defined`,
      );
    }
    check(unmatched.length === (matched.size === 0 ? 1 : 0), "what matched nothing is not told");
    return matched.size === 0 ? "unmatched" : "accepted";
  },
};

/** The definition of a wildcard, by dynamic programming over both texts. */
function meansByDefinition(pattern: string, text: string): boolean {
  let reachable = [true, ...new Array<boolean>(text.length).fill(false)];
  for (const unit of pattern.split("")) {
    const next = new Array<boolean>(text.length + 1).fill(false);
    for (let k = 0; k <= text.length; k++) {
      if (unit === "*") next[k] = (reachable[k] as boolean) || (k > 0 && (next[k - 1] as boolean));
      else next[k] = k > 0 && (reachable[k - 1] as boolean) && text[k - 1] === unit;
    }
    reachable = next;
  }
  return reachable[text.length] as boolean;
}
