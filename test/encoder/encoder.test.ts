import { beforeAll, describe, expect, test } from "vitest";
import { createEncoder, type Encoder } from "../../src/encoder/encoder.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { createNodeSession, embedTexts } from "../../src/training/node-session.ts";
import pinned from "../golden/encoder-wasm.json" with { type: "json" };
import { cosineDistance, goldenCases, largestDifference } from "./golden-cases.ts";
import { modelFiles } from "./model-files.ts";
import { createWasmSession } from "./wasm-session.ts";

describe.each([
  ["onnxruntime-node", createNodeSession],
  ["onnxruntime-web in Node", createWasmSession],
])("encoder on %s", (_, createSession) => {
  let encoder: Encoder;
  beforeAll(async () => {
    const made = await createEncoder(modelFiles, await createSession(modelFiles));
    if (!made.ok) throw new Error(made.failure.message);
    encoder = made.value;
  });

  test("is named by the checksum of its manifest", async () => {
    expect(encoder.checksum).toBe(await checksumOf(modelFiles.manifest));
    expect(encoder.dimension).toBe(768);
  });

  // Runtimes and CPUs sum in different orders, which flips roundings of int8 activations; see wasm-session.ts.
  test.each(goldenCases)("embeds $name as the reference does", async ({ text, embedding }) => {
    const found = await encoder.embed(text);
    expect(cosineDistance(found, embedding)).toBeLessThan(1e-3);
    expect(largestDifference(found, embedding)).toBeLessThan(1e-2);
    expect(largestDifference(found, embedding, 384)).toBeLessThan(1e-4); // the lexical view has no activations
    expect(Math.hypot(...found)).toBeCloseTo(1, 5);
  });

  test("embeds at the same time what it embeds one by one", async () => {
    const texts = goldenCases.map(({ text }) => text);
    const together = await Promise.all(texts.map((text) => encoder.embed(text)));
    for (const [k, text] of texts.entries()) {
      expect(largestDifference(together[k] as Float32Array, await encoder.embed(text))).toBe(0);
    }
  });

  test.each([
    ["What is the capital of France?", 1],
    ["\u{1F600}", 0],
    ["", 0],
    ["x".repeat(101), 0], // longer than a word may be
    ["\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35", 0], // Thai, of which the vocabulary has nothing
    ["hello \u{1F600}", 0.5],
  ])("tells how much of %j it can read", (text, share) => {
    expect(encoder.readable(text)).toBe(share);
  });

  test("embeds many texts in order and tells how far it is", async () => {
    const progress: number[] = [];
    const found = await embedTexts(encoder, ["one", "two", "three"], (done) => progress.push(done));
    expect(progress).toEqual([1, 2, 3]);
    expect(largestDifference(found[2] as Float32Array, await encoder.embed("three"))).toBe(0);
  });
});

test("the WebAssembly runtime gives the pinned numbers, as in workerd", async () => {
  const encoder = await createEncoder(modelFiles, await createWasmSession(modelFiles));
  if (!encoder.ok) throw new Error(encoder.failure.message);
  for (const [k, { text, name }] of goldenCases.entries()) {
    const found = await encoder.value.embed(text);
    expect(largestDifference(pinned[k] as number[], found), name).toBeLessThan(1e-5);
  }
});

test("an encoder is refused with its tokenizer or manifest broken", async () => {
  const session = { embed: () => Promise.reject(new Error("never called")) };
  const broken = new TextEncoder().encode("{}");
  const noTokenizer = await createEncoder({ ...modelFiles, tokenizer: broken }, session);
  expect(noTokenizer).toMatchObject({ failure: { code: "bad_tokenizer" } });
  const noManifest = await createEncoder({ ...modelFiles, manifest: broken }, session);
  expect(noManifest).toMatchObject({ failure: { code: "unknown_manifest_format" } });
});
