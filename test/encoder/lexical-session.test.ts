import { expect, test } from "vitest";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { type EncoderFiles, verifyEncoderFiles } from "../../src/encoder/files.ts";
import { lexicalEncoderFiles } from "../../src/encoder/lexical-files.ts";
import { createLexicalSession } from "../../src/encoder/lexical-session.ts";
import type { EncoderInput } from "../../src/encoder/session.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { encoderFiles, texts } from "./simd-files.ts";

test("the lexical encoder is a small one of its own", async () => {
  const files = await lexicalEncoderFiles(encoderFiles);
  const manifest = await verifyEncoderFiles(files);
  if (!manifest.ok) throw new Error(manifest.failure.message);
  expect(manifest.value.id).toMatch(/-lexical$/);
  expect(manifest.value.dimension).toBe(384);
  expect(files.weights.byteLength).toBeLessThan(12.1e6);
  expect(files.graph.byteLength).toBe(0);
});

const reference = await createPortableSession(encoderFiles);
const expected = await Promise.all(
  texts.map(async (text) => {
    const embedding = await reference.embed(inputOf(text, encoderFiles));
    return embedding.subarray(384).map((value) => value * Math.SQRT2);
  }),
);

test.each([
  ["the full encoder's files", encoderFiles],
  ["the lexical encoder's files", await lexicalEncoderFiles(encoderFiles)],
])("embeddings from %s are the graph's lexical view", async (_name, files) => {
  const session = await createLexicalSession(files);
  for (const [i, text] of texts.entries()) {
    const embedding = await session.embed(inputOf(text, files));
    expect(embedding).toHaveLength(384);
    for (const [k, value] of (expected[i] as Float32Array).entries())
      expect(embedding[k]).toBeCloseTo(value, 5);
  }
});

function inputOf(text: string, files: Pick<EncoderFiles, "tokenizer">): EncoderInput {
  const tokenizer = createTokenizer(files.tokenizer);
  if (!tokenizer.ok) throw new Error(tokenizer.failure.message);
  return encodeText(tokenizer.value, text, { tokenCap: 128, lexicalDistinctCap: 4096 });
}
