import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { encoderFileNames, kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { lexicalEncoderFiles } from "../../src/encoder/lexical-files.ts";
import { lightBackends } from "../../src/worker/backends/light-backends.ts";
import { startFreshWorker } from "./fresh-worker.ts";
import { putContent, putPointer, readModelFile } from "./seed.ts";

const prompts = [
  "A train leaves at 9:40 and arrives at 13:05. How long is the journey in minutes?",
  "Under the common law, which element distinguishes larceny from embezzlement?",
  "Hi",
  "请用三句话解释量子纠缠。",
  "The quick brown fox jumps over the lazy dog. ".repeat(2223),
];

beforeAll(async () => {
  const [manifest, graph, weights, tokenizer] = (await Promise.all(
    ["manifest.json", "graph.onnx", "weights.bin", "tokenizer.json"].map((name) =>
      readModelFile(`encoder/${name}`),
    ),
  )) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const files = await lexicalEncoderFiles({ manifest, graph, weights, tokenizer });
  const encoder = await checksumOf(files.manifest);
  for (const name of encoderFileNames) await env.SIGNALBOX.put(kvKeys.encoder(encoder, name), files[name]);
  await putPointer({
    encoder,
    bundle: await putContent("bundle", await readModelFile("lexical/bundle.safetensors")),
    catalogue: await putContent("catalogue", await readModelFile("default/catalogue.json")),
  });
});

test("lexical decides with its own bundle, without a transformer", async () => {
  const worker = startFreshWorker({ ENCODER_BACKEND: "lexical" }, lightBackends);
  const answers = new Set<string>();
  for (const prompt of prompts) {
    const { status, body } = await worker.route({ prompt });
    expect(status).toBe(200);
    for (const { p_correct } of body.ranking) {
      expect(p_correct).toBeGreaterThan(0);
      expect(p_correct).toBeLessThan(1);
    }
    answers.add(JSON.stringify(body.ranking));
  }
  expect(answers.size).toBe(prompts.length);
  expect((await worker.send("/health")).body.encoder).toMatchObject({
    backend: "lexical",
    activation_bits: null,
    id: expect.stringMatching(/-lexical$/),
  });
});

test.each(["onnx", "simd"])("%s refuses the lexical encoder", async (backend) => {
  const { status, body } = await startFreshWorker({ ENCODER_BACKEND: backend }).route();
  expect([status, body.error.code]).toEqual([503, "encoder_invalid"]);
});
