import { describe, expect, it } from "vitest";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { parseJson } from "../../src/contract/parse.ts";
import { parseRouteRequest } from "../../src/contract/route.ts";
import { matchModels } from "../../src/core/catalogue.ts";
import { readSafetensors } from "../../src/core/safetensors.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { stripHarness } from "../../src/encoder/harness.ts";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { lineOfPath, linesOfItems } from "../../src/importers/json-position.ts";
import { parseJson as parsePythonJson } from "../../src/importers/parse-json.ts";
import { parsePythonList } from "../../src/importers/python-list.ts";
import { modelFiles } from "../encoder/model-files.ts";
import { utf8 } from "./target.ts";

// Time must grow at most linearly with hostile input. Ten times the input may take four times what linear growth would:
// quadratic growth takes ten times that, what else a shared machine does less. Input that is read faster than this is too
// fast to be judged, and harmless.
const GROWTH = 10;
const SLACK = 4;
const HARMLESS_MS = 200;

const read = createTokenizer(modelFiles.tokenizer);
if (!read.ok) throw new Error(read.failure.message);
const tokenizer = read.value;
const limits = { tokenCap: 128, lexicalDistinctCap: 4096 };

function fastest(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    // Time of the processor, not of the clock: other tests run beside.
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

type Case = readonly [name: string, smallUnits: number, make: (units: number) => () => unknown];

/** A piece of text, repeated to about this many units, given to a reader. */
const repeated = (piece: string, read: (text: string) => unknown) => (units: number) => {
  const text = piece.repeat(Math.ceil(units / piece.length));
  return () => read(text);
};
const encode = (text: string) => encodeText(tokenizer, text, limits);
const SMALL = 40_000;

const cases: readonly Case[] = [
  ...["a", "é", "漢", "\ud83d", "a\u0301", "\u0301\u0323", "\u00ad", " ", "\u0000", "Σß", "!", "𠀀"].map(
    (piece): Case => [`encoder: ${JSON.stringify(piece)}`, SMALL, repeated(piece, encode)],
  ),
  ...["<system-reminder>", "</system-reminder>", "<task ", "<", "<rules></rules>", "<task></task>"].map(
    (piece): Case => [`harness: ${piece}`, SMALL, repeated(piece, stripHarness)],
  ),
  [
    "tokens of a message",
    SMALL,
    repeated("é a", (content) => estimateInputTokens([{ role: "user", content }])),
  ],
  [
    "many messages",
    2_000,
    (count) => {
      const bytes = utf8(
        JSON.stringify({ messages: Array(count).fill({ role: "user", content: [{ type: "text" }] }) }),
      );
      return () => parseRouteRequest((parseJson(bytes, "invalid_json") as { value: unknown }).value);
    },
  ],
  [
    "deep JSON",
    10_000,
    (depth) => {
      const bytes = utf8("[".repeat(depth) + "]".repeat(depth));
      return () => parseJson(bytes, "invalid_json");
    },
  ],
  ["JSON that is cut", SMALL, repeated('{"a":[', (text) => parseJson(utf8(text), "invalid_json"))],
  ["Python's JSON", SMALL, repeated('NaN,"\\"', (text) => refuse(() => parsePythonJson(text)))],
  ["Python list", SMALL, repeated("'a\\n', ", (text) => parsePythonList(`[${text}]`))],
  ["Python list that never closes", SMALL, repeated("'\\'", (text) => parsePythonList(`[${text}]`))],
  [
    "lines of items",
    SMALL,
    (units) => {
      const text = `[${'{"a": "\\""},\n'.repeat(units / 13)}1]`;
      return () => [linesOfItems(text, []).length, lineOfPath(text, [units, "a"])];
    },
  ],
  [
    "wildcards",
    200,
    (stars) => {
      const model = `${"a".repeat(stars)}b`;
      return () => matchModels(Array(2_000).fill(model), new Map(), [`${"*a".repeat(stars / 2)}c`]);
    },
  ],
  [
    "aliases of a catalogue",
    4_000,
    (count) => {
      const document = {
        format_version: 1,
        prices_as_of: "2026-01-01",
        providers: { p: { base_url: "https://p.example", key_name: "P_KEY" } },
        models: Object.fromEntries(
          Array.from({ length: count }, (_, k) => [
            `m${k}`,
            {
              ...{
                aliases: [`a${k}`],
                provider: "p",
                upstream: "u",
                context_tokens: 1,
                max_output_tokens: 1,
              },
              ...{ capabilities: [], usd_per_million_tokens: { input: 1, output: 1 } },
            },
          ]),
        ),
      };
      return () => parseCatalogue(document);
    },
  ],
  [
    "tensors of a file",
    2_000,
    (count) => {
      const entries = Array.from({ length: count }, (_, k) => [
        `t${k}`,
        { dtype: "U8", shape: [0], data_offsets: [0, 0] },
      ]);
      const header = utf8(JSON.stringify(Object.fromEntries(entries)));
      const bytes = new Uint8Array(8 + header.length);
      new DataView(bytes.buffer).setUint32(0, header.length, true);
      bytes.set(header, 8);
      return () => readSafetensors(bytes);
    },
  ],
];

describe("time grows at most linearly", () => {
  it.each(cases)("%s", (_, small, make) => {
    const few = fastest(make(small));
    const many = fastest(make(small * GROWTH));
    expect(many).toBeLessThan(Math.max(few * GROWTH * SLACK, HARMLESS_MS));
  });

  it("takes texts of 10 MB", () => {
    for (const piece of ["The quick brown fox. ", "漢字 ", "\ud800", "\u0301\u0323", "x"]) {
      const { inputIds, lexicalIds } = encode(piece.repeat((10 * 1024 ** 2) / piece.length));
      expect(inputIds.length).toBeLessThanOrEqual(limits.tokenCap);
      expect(lexicalIds.length).toBeLessThanOrEqual(limits.lexicalDistinctCap);
    }
  });
});

function refuse(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}
