import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { parseManifest } from "../../src/encoder/manifest.ts";
import { createSimdSession } from "../../src/encoder/simd/simd-session.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { encoderFiles } from "./simd-files.ts";

// Minutes long, so only on request: SIMD_PARITY_DATA=../shared/data vitest run test/encoder/simd-parity.test.ts
const dataFolder = process.env["SIMD_PARITY_DATA"];
const PROMPTS = 2000;

test.runIf(dataFolder)("real prompts embed as with the ONNX graph", { timeout: 1_800_000 }, async () => {
  const kernel = readFileSync(new URL("../../src/encoder/simd/kernel.wasm", import.meta.url));
  const session = await createSimdSession(encoderFiles, new WebAssembly.Module(kernel));
  const reference = await createPortableSession(encoderFiles);
  const tokenizer = createTokenizer(encoderFiles.tokenizer);
  const manifest = parseManifest(encoderFiles.manifest);
  if (!tokenizer.ok || !manifest.ok) throw new Error("the encoder's files are damaged");
  const context: number[] = [];
  const both: number[] = [];
  for (const prompt of readPrompts(dataFolder as string)) {
    const input = encodeText(tokenizer.value, prompt, manifest.value.input);
    const [a, b] = [await session.embed(input), await reference.embed(input)];
    context.push(2 * dot(a.subarray(0, 384), b.subarray(0, 384)));
    both.push(dot(a, b));
  }
  console.table({ context: summary(context), both: summary(both) });
  expect(context).toHaveLength(PROMPTS);
  expect(Math.min(...context)).toBeGreaterThan(0.997);
});

/** PROMPTS prompts, evenly from all suites of the folder and evenly within each. */
function readPrompts(folder: string): string[] {
  const suites = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return suites.flatMap(({ name }, k) => {
    const lines = gunzipSync(readFileSync(`${folder}/${name}/outcomes.jsonl.gz`))
      .toString()
      .trim()
      .split("\n");
    const share = Math.floor(((k + 1) * PROMPTS) / suites.length) - Math.floor((k * PROMPTS) / suites.length);
    return Array.from({ length: share }, (_, i) => {
      const line = lines[Math.floor((i * lines.length) / share)] as string;
      return (JSON.parse(line) as { prompt: string }).prompt;
    });
  });
}

function summary(cosines: readonly number[]) {
  const sorted = [...cosines].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { mean, percentile1: sorted[Math.floor(sorted.length / 100)], min: sorted[0] };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}
