import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { parseManifest } from "../../src/encoder/manifest.ts";
import type { EncoderInput, EncoderSession } from "../../src/encoder/session.ts";
import { supportsRelaxedSimd } from "../../src/encoder/simd/relaxed-simd.ts";
import { createSimdSession } from "../../src/encoder/simd/simd-session.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { buildKernel } from "../../tools/kernel.ts";
import { leastCosine } from "./least-cosine.ts";
import { encoderFiles, texts } from "./simd-files.ts";

const simd = new URL("../../src/encoder/simd/", import.meta.url);
const kernel = readFileSync(new URL("kernel.wasm", simd));
const module = new WebAssembly.Module(kernel);
const leastCosineOf = leastCosine(module);

test("the built kernel is what its sources build, and what README.md says", async () => {
  expect(Buffer.from(await buildKernel()).equals(kernel)).toBe(true);
  const readme = readFileSync(new URL("README.md", simd), "utf8");
  expect(readme).toContain(createHash("sha256").update(kernel).digest("hex"));
});

test("this engine has relaxed SIMD", () => {
  expect(supportsRelaxedSimd()).toBe(true);
});

describe("embeddings", () => {
  let session: EncoderSession;
  let reference: EncoderSession;
  beforeAll(async () => {
    session = await createSimdSession(encoderFiles, module);
    reference = await createPortableSession(encoderFiles);
  });

  test.each(texts.map((text, k) => [k, text.slice(0, 30), text]))(
    "text %i, %j, as the ONNX graph's",
    async (_k, _s, text) => {
      const input = inputOf(text);
      const embedding = await session.embed(input);
      const expected = await reference.embed(input);
      expect(embedding).toHaveLength(768);
      expect(
        cosine(
          embedding,
          embedding.map(() => 1),
        ),
      ).not.toBeNaN();
      expect(dot(embedding, embedding)).toBeCloseTo(1, 5);
      const least = leastCosineOf(input.inputIds.length);
      expect(cosine(embedding, expected)).toBeGreaterThan((1 + least) / 2);
      expect(cosine(embedding.subarray(0, 384), expected.subarray(0, 384))).toBeGreaterThan(least);
      expect(cosine(embedding.subarray(384), expected.subarray(384))).toBeGreaterThan(0.99999);
    },
  );

  test.each([1, 2, 3, 4, 5, 7, 8, 9, 31, 127, 255, 511, 512])("%i tokens", async (count) => {
    const input = { ...inputOf("one"), inputIds: tokens(count) };
    const context = (await session.embed(input)).subarray(0, 384);
    expect(cosine(context, (await reference.embed(input)).subarray(0, 384))).toBeGreaterThan(
      leastCosineOf(count),
    );
  });

  test("does not depend on what was embedded before", async () => {
    const inputs = texts.map(inputOf);
    const before = await Promise.all(inputs.map((input) => session.embed(input)));
    await session.embed({ ...inputOf("one"), inputIds: tokens(512) });
    for (const [k, input] of [...inputs.entries()].reverse()) {
      expect(await session.embed(input)).toEqual(before[k]);
    }
  });

  test("any number of distinct tokens, or none", async () => {
    const lexicalIds = Int32Array.from({ length: 5000 }, (_, k) => 1000 + k);
    const many = {
      inputIds: tokens(2),
      lexicalIds,
      lexicalCounts: Float32Array.from(lexicalIds, (id) => id % 7),
    };
    const found = cosine(await session.embed(many), await reference.embed(many));
    expect(found).toBeGreaterThan((1 + leastCosineOf(2)) / 2);
    const none = { inputIds: tokens(2), lexicalIds: new Int32Array(), lexicalCounts: new Float32Array() };
    expect((await session.embed(none)).subarray(384)).toEqual(
      (await session.embed(inputOf(""))).subarray(384),
    );
  });

  test("refuses what it cannot embed", async () => {
    const input = inputOf("one");
    await expect(session.embed({ ...input, inputIds: tokens(513) })).rejects.toThrow(
      "1 to 512 tokens, not 513",
    );
    await expect(session.embed({ ...input, inputIds: tokens(0) })).rejects.toThrow("1 to 512 tokens, not 0");
    await expect(session.embed({ ...input, inputIds: Int32Array.of(101, 30522) })).rejects.toThrow(
      "token id 30522",
    );
    await expect(session.embed({ ...input, lexicalIds: Int32Array.of(-1) })).rejects.toThrow("token id -1");
  });
});

test("refuses weights of another architecture", async () => {
  const manifest = JSON.parse(new TextDecoder().decode(encoderFiles.manifest));
  const open = (tensors: unknown) =>
    createSimdSession(
      { ...encoderFiles, manifest: Buffer.from(JSON.stringify({ ...manifest, tensors })) },
      module,
    );
  await expect(open(manifest.tensors.slice(1))).rejects.toThrow("word_embeddings");
  await expect(
    open([...manifest.tensors, { ...manifest.tensors[0], name: "layer.6.qkv.weight" }]),
  ).rejects.toThrow("more than 6 layers");
});

function inputOf(text: string): EncoderInput {
  const tokenizer = createTokenizer(encoderFiles.tokenizer);
  const manifest = parseManifest(encoderFiles.manifest);
  if (!tokenizer.ok || !manifest.ok) throw new Error("the encoder's files are damaged");
  return encodeText(tokenizer.value, text, manifest.value.input);
}

function tokens(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, k) =>
    k === 0 ? 101 : k === count - 1 ? 102 : 1996 + ((k * 7919) % 20000),
  );
}

function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}
