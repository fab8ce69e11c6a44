import { expect, test } from "vitest";
import { createRedactor } from "../../src/worker/providers/redact.ts";

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
