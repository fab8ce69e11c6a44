import { expect, test } from "vitest";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { verifyEncoderFiles } from "../../src/encoder/files.ts";
import { lexicalEncoderFiles } from "../../src/encoder/lexical-files.ts";
import { createLexicalSession } from "../../src/encoder/lexical-session.ts";
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

test.each([
  ["the full encoder's files", encoderFiles],
  ["the lexical encoder's files", await lexicalEncoderFiles(encoderFiles)],
])("embeddings from %s are the graph's lexical view", async (_name, files) => {
  const tokenizer = createTokenizer(files.tokenizer);
  if (!tokenizer.ok) throw new Error(tokenizer.failure.message);
  const session = await createLexicalSession(files);
  const reference = await createPortableSession(encoderFiles);
  for (const text of texts) {
    const input = encodeText(tokenizer.value, text, { tokenCap: 128, lexicalDistinctCap: 4096 });
    const embedding = await session.embed(input);
    const expected = (await reference.embed(input)).subarray(384).map((value) => value * Math.SQRT2);
    expect(embedding).toHaveLength(384);
    for (const [k, value] of expected.entries()) expect(embedding[k]).toBeCloseTo(value, 5);
  }
});
