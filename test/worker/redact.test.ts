import { expect, test } from "vitest";
import { createRedactor } from "../../src/worker/providers/redact.ts";
import { holdsSecret } from "../../src/worker/providers/secret-forms.ts";
import { parseBindings } from "../../src/worker/state/bindings.ts";

const secret = "sk-sk-secret";
const encode = (text: string) => new TextEncoder().encode(text);

function redacted(pieces: readonly string[]): string {
  const redactor = createRedactor(secret);
  if (redactor === undefined) throw new Error("there is something to hide");
  const decoder = new TextDecoder();
  const parts = pieces.map((piece) => decoder.decode(redactor.push(encode(piece)), { stream: true }));
  return parts.join("") + decoder.decode(redactor.end());
}

test("a secret is taken out wherever it is cut, and nothing else changes", () => {
  const text = `a ${secret}${secret} sk-sk-sk-secret 字 sk-sk-secre sk-`;
  const expected = "a [redacted][redacted] sk-[redacted] 字 sk-sk-secre sk-";
  expect(redacted([text])).toBe(expected);
  expect(redacted([...text])).toBe(expected);
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) {
      const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)];
      expect(redacted(pieces)).toBe(expected);
    }
  }
});

test("only what could be its beginning is held back, and what is harmless is not copied", () => {
  const redactor = createRedactor(secret);
  const harmless = encode("data: hello\n\n");
  expect(redactor?.push(harmless)).toBe(harmless);
  expect(new TextDecoder().decode(redactor?.push(encode("hello sk-s")))).toBe("hello ");
  expect(new TextDecoder().decode(redactor?.push(encode("ave")))).toBe("sk-save");
  expect(redactor?.end()).toHaveLength(0);
});

test("a short secret or none hides nothing", () => {
  expect(createRedactor("local")).toBeUndefined();
  expect(createRedactor(undefined)).toBeUndefined();
});

const slashed = "sk/live+a/b=c-0123456789";
const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each([
  ["as PHP writes it into JSON", "sk\\/live+a\\/b=c-0123456789"],
  ["percent-encoded", encodeURIComponent(slashed)],
  ["in base64", base64(slashed)],
  ["in base64 of a header", base64(`Authorization: Bearer ${slashed}`)],
  ["in base64 behind a name", base64(`u:${slashed}`)],
  ["in base64 between others", base64(`x${slashed}, and more`)],
  ["in base64 of addresses", Buffer.from(`ab${slashed}yz`).toString("base64url")],
])("a secret %s is taken out, however it is cut", (_, text) => {
  const answer = `{"error":"key ${text} is wrong"}`;
  expect(holdsSecret(answer, slashed)).toBe(true);
  for (let cut = 0; cut <= answer.length; cut++) {
    const redactor = createRedactor(slashed);
    const parts = [answer.slice(0, cut), answer.slice(cut)].map((part) => redactor?.push(encode(part)));
    const out = Buffer.concat([...parts, redactor?.end()].map((part) => part as Uint8Array)).toString();
    expect(holdsSecret(out, slashed)).toBe(false);
    expect(out).toContain("[redacted]");
    expect(out.startsWith('{"error":"key ') && out.endsWith(' is wrong"}')).toBe(true);
  }
});

test.each([
  ["sk-live-0123\n", "sk-live-0123"],
  [" sk-live-0123\r\n", "sk-live-0123"],
  ["sk-live 0123", undefined],
  ["sk-live\u00000123", undefined],
  ["sk-l\u00efve-0123", undefined],
  ["\n", undefined],
])("the secret %j is used, and looked for, as %j", (value, secret) => {
  const settings = parseBindings({ SIGNALBOX: { get: () => null }, AUTH: "open", OPENAI_API_KEY: value });
  expect(settings.ok && settings.value.secret("OPENAI_API_KEY")).toBe(secret);
});
