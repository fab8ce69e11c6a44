import { beforeAll, describe, expect, test } from "vitest";
import { LEAST_AGREEMENT, leastAgreement, openAccelerator } from "../../src/embedding/accelerator.ts";
import { embedTexts } from "../../src/embedding/embed-texts.ts";
import { equalsGolden, goldenVectors, similarityToGolden } from "../../src/embedding/golden-vectors.ts";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { createPortableThreads } from "../../src/embedding/portable-threads.ts";
import { createEncoder, type Encoder } from "../../src/encoder/encoder.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import pinned from "../golden/encoder-wasm.json" with { type: "json" };
import { cosineDistance, goldenCases, largestDifference } from "./golden-cases.ts";
import { modelFiles } from "./model-files.ts";
import { saturatedEmbeddings } from "./saturated-embeddings.ts";

describe("the portable encoder", () => {
  let encoder: Encoder;
  beforeAll(async () => {
    const made = await createEncoder(modelFiles, await createPortableSession(modelFiles));
    if (!made.ok) throw new Error(made.failure.message);
    encoder = made.value;
  });

  test("is named by the checksum of its manifest", async () => {
    expect(encoder.checksum).toBe(await checksumOf(modelFiles.manifest));
    expect(encoder.dimension).toBe(768);
  });

  // The reference was made with the native runtime on a CPU that sums exactly. Runtimes sum in different orders, which
  // flips roundings of int8 activations: single numbers part by 5e-3, cosines by 5e-4.
  test.each(goldenCases)("embeds $name as the reference does", async ({ text, embedding }) => {
    const found = await encoder.embed(text);
    expect(cosineDistance(found, embedding)).toBeLessThan(1e-3);
    expect(largestDifference(found, embedding)).toBeLessThan(1e-2);
    expect(largestDifference(found, embedding, 384)).toBeLessThan(1e-4); // the lexical view has no activations
    expect(Math.hypot(...found)).toBeCloseTo(1, 5);
  });

  test("embeds at the same time what it embeds one by one", async () => {
    const texts = goldenCases.slice(0, 8).map(({ text }) => text);
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

describe("on every CPU", () => {
  let portable: Encoder;
  beforeAll(async () => {
    const made = await createEncoder(modelFiles, await createPortableSession(modelFiles));
    if (!made.ok) throw new Error(made.failure.message);
    portable = made.value;
  });

  test("the portable session gives the recorded bits", async () => {
    for (const golden of goldenVectors) {
      const embedding = await portable.embed(golden.text);
      expect(equalsGolden(golden, embedding), golden.text.slice(0, 40)).toBe(true);
      // What int8 loses of a vector of 768 numbers.
      expect(similarityToGolden(golden, embedding)).toBeGreaterThan(0.9998);
    }
  });

  test("and the pinned numbers, as in workerd", async () => {
    for (const [k, { text, name }] of goldenCases.entries()) {
      const found = await portable.embed(text);
      // They are written with six decimals.
      expect(largestDifference(pinned[k] as number[], found), name).toBeLessThan(1e-6);
    }
  });

  test("so does one on threads", async () => {
    const encoder = await createEncoder(modelFiles, createPortableThreads(modelFiles));
    if (!encoder.ok) throw new Error(encoder.failure.message);
    const embeddings = await embedTexts(
      encoder.value,
      goldenVectors.map(({ text }) => text),
    );
    for (const [k, golden] of goldenVectors.entries()) {
      expect(equalsGolden(golden, embeddings[k] as Float32Array), golden.text.slice(0, 40)).toBe(true);
    }
  });

  test("a bit that differs is noticed", async () => {
    const [golden] = goldenVectors;
    if (golden === undefined) throw new Error("nothing is recorded");
    const embedding = (await portable.embed(golden.text)).slice();
    embedding[100] = Math.fround((embedding[100] as number) * (1 + 2 ** -23));
    expect(equalsGolden(golden, embedding)).toBe(false);
  });

  test("the native runtime is trusted only where it agrees", async ({ skip }) => {
    const accelerator = await openAccelerator(modelFiles, portable);
    if (!accelerator.ok) {
      expect(accelerator.failure.code).toMatch(/^native_/);
      return skip(accelerator.failure.message);
    }
    for (const { text, name } of goldenCases) {
      const distance = cosineDistance(await accelerator.value.embed(text), await portable.embed(text));
      expect(distance, name).toBeLessThan(1 - LEAST_AGREEMENT);
    }
  });

  test("one that saturates is not", async () => {
    const saturated: Encoder = {
      ...portable,
      embed: async (text) => saturatedEmbeddings.get(text) as Float32Array,
    };
    expect(await leastAgreement(saturated, portable)).toBeCloseTo(0.993, 3);
    expect(await leastAgreement(saturated, portable)).toBeLessThan(LEAST_AGREEMENT);
    expect(await leastAgreement(portable, portable)).toBeCloseTo(1, 9);
  });
});

test("an encoder is refused with its tokenizer or manifest broken", async () => {
  const session = { embed: () => Promise.reject(new Error("never called")) };
  const broken = new TextEncoder().encode("{}");
  const noTokenizer = await createEncoder({ ...modelFiles, tokenizer: broken }, session);
  expect(noTokenizer).toMatchObject({ failure: { code: "bad_tokenizer" } });
  const noManifest = await createEncoder({ ...modelFiles, manifest: broken }, session);
  expect(noManifest).toMatchObject({ failure: { code: "unknown_manifest_format" } });
});
