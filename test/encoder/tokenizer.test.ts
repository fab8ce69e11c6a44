import { describe, expect, test } from "vitest";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { awkwardTexts } from "./golden-cases.ts";
import { modelFiles } from "./model-files.ts";

const made = createTokenizer(modelFiles.tokenizer);
if (!made.ok) throw new Error(made.failure.message);
const tokenizer = made.value;

describe("tokenizer", () => {
  test.each(awkwardTexts)("equals the Rust tokenizer on %j", ({ text, ids }) => {
    expect([...tokenizer.encode(text)]).toEqual(ids);
  });

  test("equals it on all awkward strings joined, whatever stands beside what", () => {
    const text = awkwardTexts.map((entry) => entry.text).join(" ");
    expect([...tokenizer.encode(text)]).toEqual(awkwardTexts.flatMap((entry) => entry.ids));
  });

  test("reads a literal special token as plain text", () => {
    expect([...tokenizer.encode("[SEP]")]).toEqual([...tokenizer.encode("[ sep ]")]);
    expect([...tokenizer.encode("[CLS] [SEP] [PAD] [MASK] [UNK]")]).not.toContain(tokenizer.endId);
  });

  test("does not mind where a long text is cut for normalizing", () => {
    const word = "naïve ";
    const once = [...tokenizer.encode(word)];
    const many = [...tokenizer.encode(word.repeat(1000))];
    expect(many).toEqual(Array.from({ length: 1000 }, () => once).flat());
  });

  test("takes 100,000 characters of any kind", () => {
    for (const unit of ["a ", "x", "!", "é", "汉", "🙂", "\0", "\ud800", "naïve "]) {
      const text = unit.repeat(100_000 / unit.length);
      expect(tokenizer.encode(text).length).toBeLessThanOrEqual(100_000);
    }
  });

  test.each([
    ["not JSON", "{"],
    ["another model", '{"model":"BPE"}'],
    ["null", "null"],
    ["no vocabulary", '{"model":"WordPiece"}'],
    ["no ids", '{"model":"WordPiece","vocabulary":"a","index":"  "}'],
  ])("refuses a tokenizer file with %s", (_, text) => {
    const read = createTokenizer(new TextEncoder().encode(text));
    expect(read).toMatchObject({ ok: false, failure: { code: "bad_tokenizer" } });
  });
});
