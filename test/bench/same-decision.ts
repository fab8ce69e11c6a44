import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { decide } from "../../src/core/decide.ts";
import type { Result } from "../../src/core/result.ts";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import type { EncoderFiles } from "../../src/encoder/files.ts";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { parseManifest } from "../../src/encoder/manifest.ts";
import type { EncoderSession } from "../../src/encoder/session.ts";
import { createSimdSession } from "../../src/encoder/simd/simd-session.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";

// How often the simd backend decides as the onnx one does, on real prompts and the default router:
// `node test/bench/same-decision.ts [folder with <suite>/outcomes.jsonl.gz]`. Some minutes.
const PROMPTS = 2000;
const rules = {
  quality: { kind: "quality" },
  "spend .2": { kind: "spend", spend: 0.2 },
} as const;

const { positionals } = parseArgs({ allowPositionals: true });
const folder = positionals[0] ?? "../shared/data";
if (!existsSync(folder)) {
  console.log(`There is no ${folder}: nothing to compare on. Name a folder with <suite>/outcomes.jsonl.gz.`);
  process.exit(0);
}

const models = new URL("../../models/", import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(fileURLToPath(new URL(name, models))));
const files: EncoderFiles = {
  manifest: read("encoder/manifest.json"),
  graph: read("encoder/graph.onnx"),
  weights: read("encoder/weights.bin"),
  tokenizer: read("encoder/tokenizer.json"),
};
const kernel = readFileSync(new URL("../../src/encoder/simd/kernel.wasm", import.meta.url));
const simd = await createSimdSession(files, new WebAssembly.Module(kernel));
const onnx = await createPortableSession(files);
const tokenizer = unwrap(createTokenizer(files.tokenizer));
const { input: limits } = unwrap(parseManifest(files.manifest));
const predictor = unwrap(loadPredictor(read("default/bundle.safetensors")));
const catalogue = unwrap(parseCatalogue(read("default/catalogue.json")));

const same = { quality: 0, "spend .2": 0 };
const cosines: number[] = [];
let largest = 0;
for (const prompt of readPrompts()) {
  const [a, b] = [await judge(simd, prompt), await judge(onnx, prompt)];
  for (const rule of Object.keys(rules) as (keyof typeof rules)[]) {
    if (a.choose(rule) === b.choose(rule)) same[rule]++;
  }
  a.pCorrect.forEach((p, m) => {
    largest = Math.max(largest, Math.abs(p - b.pCorrect[m]));
  });
  cosines.push(2 * dot(a.embedding.subarray(0, 384), b.embedding.subarray(0, 384)));
}
const total = cosines.length;
console.table(
  Object.entries(same).map(([rule, count]) => ({ rule, prompts: total, same: count, share: count / total })),
);
console.log(
  JSON.stringify({
    contextCosine: {
      mean: cosines.reduce((sum, value) => sum + value, 0) / total,
      min: Math.min(...cosines),
    },
    largestDifferenceOfPCorrect: largest,
  }),
);

async function judge(session: EncoderSession, prompt: string) {
  const embedding = await session.embed(encodeText(tokenizer, prompt, limits));
  const prediction = predictor.predict(embedding);
  const inputTokens = estimateInputTokens([{ role: "user", content: prompt }], undefined);
  const choose = (name: keyof typeof rules) => {
    const request = { inputTokens, require: { capabilities: [] }, rule: rules[name] };
    return unwrap(decide(predictor, catalogue, prediction, request)).model;
  };
  return { embedding, pCorrect: prediction.pCorrect, choose };
}

/** Evenly from all suites of the folder and evenly within each. */
function readPrompts(): string[] {
  const suites = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return suites.flatMap(({ name }, k) => {
    const file = gunzipSync(readFileSync(`${folder}/${name}/outcomes.jsonl.gz`));
    const lines = file.toString().trim().split("\n");
    const share = Math.floor(((k + 1) * PROMPTS) / suites.length) - Math.floor((k * PROMPTS) / suites.length);
    return Array.from({ length: share }, (_, i) => {
      const line = lines[Math.floor((i * lines.length) / share)] as string;
      return (JSON.parse(line) as { prompt: string }).prompt;
    });
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}

function unwrap<T>(result: Result<T, string>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.failure.code}: ${result.failure.message}`);
}
