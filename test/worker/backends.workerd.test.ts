import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { kvKeys } from "../../src/contract/pointer.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import kernel from "../../src/encoder/simd/kernel.wasm";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { allBackends } from "../../src/worker/backends/all-backends.ts";
import type { Backends } from "../../src/worker/backends/encoder-backend.ts";
import { lightBackends } from "../../src/worker/backends/light-backends.ts";
import { goldenCases } from "../encoder/golden-cases.ts";
import { activationBits, leastCosine } from "../encoder/least-cosine.ts";
import { type FreshWorker, startFreshWorker } from "./fresh-worker.ts";
import { readModelFile, type Seed, seed } from "./seed.ts";

const prompts = [
  "A train leaves at 9:40 and arrives at 13:05. How long is the journey in minutes?",
  "Under the common law, which element distinguishes larceny from embezzlement?",
  "Write a Python function that returns the longest palindromic substring of a string.",
  "Which of these gases is monatomic at room temperature?\nA) nitrogen\nB) argon\nC) chlorine\nD) methane",
  "Hi",
  "请用三句话解释量子纠缠。",
  "The committee met again on Tuesday. ".repeat(60),
];

let seeded: Seed;
beforeAll(async () => {
  seeded = await seed();
});

interface Ranked {
  readonly model: string;
  readonly p_correct: number;
}

async function decide(worker: FreshWorker, prompt: string) {
  const { status, body } = await worker.route({ prompt });
  expect(status).toBe(200);
  const pCorrect = Object.fromEntries(body.ranking.map(({ model, p_correct }: Ranked) => [model, p_correct]));
  return { model: body.model as string, pCorrect: pCorrect as Record<string, number> };
}

async function encoderOf(worker: FreshWorker): Promise<readonly [backend: string, bits: number]> {
  const { encoder } = (await worker.send("/health")).body;
  return [encoder.backend, encoder.activation_bits];
}

describe("simd", () => {
  test("decides as onnx does, with probabilities within .01", async () => {
    const onnx = startFreshWorker({ ENCODER_BACKEND: "onnx" });
    const simd = startFreshWorker({ ENCODER_BACKEND: "simd" }, lightBackends);
    for (const prompt of prompts) {
      const [expected, found] = [await decide(onnx, prompt), await decide(simd, prompt)];
      expect(found.model).toBe(expected.model);
      for (const [model, p] of Object.entries(expected.pCorrect)) {
        expect(Math.abs(found.pCorrect[model] - p)).toBeLessThan(0.01);
      }
    }
    expect(await encoderOf(onnx)).toEqual(["onnx", 8]);
    expect(await encoderOf(simd)).toEqual(["simd", activationBits(kernel)]);
  });

  test("embeds as onnx does", async () => {
    const leastCosineOf = leastCosine(kernel);
    const [manifest, graph, weights, tokenizer] = (await Promise.all(
      ["manifest.json", "graph.onnx", "weights.bin", "tokenizer.json"].map((name) =>
        readModelFile(`encoder/${name}`),
      ),
    )) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const files = { manifest, graph, weights, tokenizer };
    const simd = await allBackends.simd.openSession(files);
    const onnx = await allBackends.onnx.openSession(files);
    const made = createTokenizer(tokenizer);
    if (!made.ok) throw new Error(made.failure.message);
    for (const { text } of goldenCases) {
      const input = encodeText(made.value, text, { tokenCap: 128, lexicalDistinctCap: 4096 });
      const [a, b] = [await simd.embed(input), await onnx.embed(input)];
      expect(2 * dot(a.subarray(0, 384), b.subarray(0, 384))).toBeGreaterThan(
        leastCosineOf(input.inputIds.length),
      );
      expect(2 * dot(a.subarray(384), b.subarray(384))).toBeGreaterThan(0.99999);
    }
  });

  test("gives way to onnx where the engine lacks relaxed SIMD", async () => {
    const without: Backends = { ...allBackends, simd: { ...allBackends.simd, isSupported: () => false } };
    const worker = startFreshWorker({ ENCODER_BACKEND: "simd" }, without);
    expect((await worker.route()).status).toBe(200);
    expect(await encoderOf(worker)).toEqual(["onnx", 8]);
  });

  test("says so where there is nothing to give way to", async () => {
    const without: Backends = { simd: { ...allBackends.simd, isSupported: () => false } };
    const { status, body } = await startFreshWorker({ ENCODER_BACKEND: "simd" }, without).route();
    expect([status, body.error.code, body.error.param]).toEqual([503, "misconfigured", "ENCODER_BACKEND"]);
  });
});

test.each([
  ["a backend that the build lacks", "onnx", /only simd, lexical/],
  ["a backend that there is not", "cuda", /one of onnx, simd, lexical/],
])("%s is refused", async (_, backend, message) => {
  const { status, body } = await startFreshWorker({ ENCODER_BACKEND: backend }, lightBackends).route();
  expect([status, body.error.code]).toEqual([503, "misconfigured"]);
  expect(body.error.message).toMatch(message);
});

test("lexical refuses the full encoder", async () => {
  const { status, body } = await startFreshWorker({ ENCODER_BACKEND: "lexical" }).route();
  expect([status, body.error.code]).toEqual([503, "encoder_invalid"]);
  expect(body.error.message).toMatch(/lexical view/);
});

test.each(["onnx", "simd"] as const)(
  "%s: 7 KV reads from cold to the first decision, none warm",
  async (backend) => {
    const reads: string[] = [];
    const counting = {
      get: (key: string, options: { type: "arrayBuffer" }) => {
        reads.push(key);
        return env.SIGNALBOX.get(key, options);
      },
    };
    const worker = startFreshWorker({
      SIGNALBOX: counting,
      ENCODER_BACKEND: backend,
      POINTER_REFRESH_MS: "3600000",
    });
    await worker.route();
    expect(reads.toSorted()).toEqual(
      [
        kvKeys.active,
        kvKeys.bundle(seeded.bundle),
        kvKeys.catalogue(seeded.catalogue),
        ...(["graph", "manifest", "tokenizer", "weights"] as const).map((file) =>
          kvKeys.encoder(seeded.encoder, file),
        ),
      ].toSorted(),
    );
    for (const prompt of prompts) await worker.route({ prompt });
    expect(reads).toHaveLength(7);
  },
);

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}
