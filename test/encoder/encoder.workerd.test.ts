import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createEncoder, type Encoder } from "../../src/encoder/encoder.ts";
import { type EncoderFiles, verifyEncoderFiles } from "../../src/encoder/files.ts";
import { createOnnxWebSession } from "../../src/worker/backends/session-onnx.ts";
import pinned from "../golden/encoder-wasm.json" with { type: "json" };
import { cosineDistance, goldenCases, largestDifference } from "./golden-cases.ts";

const fileNames = {
  manifest: "manifest.json",
  graph: "graph.onnx",
  weights: "weights.bin",
  tokenizer: "tokenizer.json",
} as const satisfies Record<keyof EncoderFiles, string>;

async function readFiles(): Promise<EncoderFiles> {
  const entries = Object.entries(fileNames).map(async ([key, name]) => {
    const response = await env.FILES.fetch(`http://files/encoder/${name}`);
    return [key, new Uint8Array(await response.arrayBuffer())];
  });
  return Object.fromEntries(await Promise.all(entries)) as EncoderFiles;
}

describe("encoder in workerd", () => {
  const instantiate = WebAssembly.instantiate;
  let encoder: Encoder;

  beforeAll(async () => {
    const files = await readFiles();
    expect((await verifyEncoderFiles(files)).ok).toBe(true);
    const made = await createEncoder(files, await createOnnxWebSession(files));
    if (!made.ok) throw new Error(made.failure.message);
    encoder = made.value;
  });

  test("puts WebAssembly.instantiate back", () => {
    expect(WebAssembly.instantiate).toBe(instantiate);
  });

  test.each(goldenCases)("embeds $name as the reference does", async ({ text, embedding }) => {
    const found = await encoder.embed(text);
    expect(cosineDistance(found, embedding)).toBeLessThan(1e-3);
    expect(largestDifference(found, embedding)).toBeLessThan(1e-2);
    expect(largestDifference(found, embedding, 384)).toBeLessThan(1e-4);
  });

  test.each(goldenCases.map((golden, k) => ({ ...golden, k })))(
    "embeds $name exactly as the same runtime does in Node",
    async ({ text, k }) => {
      expect(largestDifference(pinned[k] as number[], await encoder.embed(text))).toBeLessThan(1e-5);
    },
  );

  test("embeds at the same time what it embeds one by one", async () => {
    const texts = goldenCases.slice(0, 16).map(({ text }) => text);
    const together = await Promise.all(texts.map((text) => encoder.embed(text)));
    for (const [k, text] of texts.entries()) {
      expect(largestDifference(together[k] as Float32Array, await encoder.embed(text))).toBe(0);
    }
  });
});
