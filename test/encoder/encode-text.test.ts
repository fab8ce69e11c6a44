import { expect, test } from "vitest";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { parseManifest } from "../../src/encoder/manifest.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { goldenCases } from "./golden-cases.ts";
import { modelFiles } from "./model-files.ts";

const tokenizer = createTokenizer(modelFiles.tokenizer);
const manifest = parseManifest(modelFiles.manifest);
if (!tokenizer.ok || !manifest.ok) throw new Error("the encoder of models/encoder cannot be read");
const encode = (text: string, limits = manifest.value.input) => encodeText(tokenizer.value, text, limits);

test.each(goldenCases)("encodes $name as the reference does", (golden) => {
  const { inputIds, lexicalIds, lexicalCounts } = encode(golden.text);
  expect([...inputIds]).toEqual(golden.inputIds);
  expect([...lexicalIds]).toEqual(golden.lexicalIds);
  expect([...lexicalCounts]).toEqual(golden.lexicalCounts);
});

test("keeps the first and the last tokens of a long text", () => {
  const words = ["one", "two", "three", "four", "five", "six", "seven"];
  const ids = words.map((word) => encode(word).inputIds[1]);
  const { startId, endId } = tokenizer.value;
  const capped = (tokenCap: number) => [
    ...encode(words.join(" "), { tokenCap, lexicalDistinctCap: 99 }).inputIds,
  ];
  expect(capped(6)).toEqual([startId, ...ids.slice(0, 2), ...ids.slice(-2), endId]);
  expect(capped(7)).toEqual([startId, ...ids.slice(0, 3), ...ids.slice(-2), endId]);
  expect(capped(3)).toEqual([startId, ids[0], endId]);
  expect(capped(9)).toEqual([startId, ...ids, endId]);
});

test("counts tokens beyond the cap on distinct ones only if they are known already", () => {
  const { lexicalIds, lexicalCounts } = encode("a b c a c b a", { tokenCap: 128, lexicalDistinctCap: 2 });
  expect(lexicalIds.length).toBe(2);
  expect([...lexicalCounts]).toEqual([3, 2]);
});
