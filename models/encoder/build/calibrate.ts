/**
 * Measures what quantisation and the lexical view need to know about real prompts and writes
 * calibration.safetensors: largest input of every channel, token counts, mean of the lexical view.
 *
 *   node models/encoder/build/calibrate.ts <directory of the fp32 model> <directory of the outcome suites>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { dequantizeRows, quantizeRows } from "../../../src/core/quantize.ts";
import { writeSafetensors } from "../../../src/core/safetensors.ts";
import { encodeText } from "../../../src/encoder/encode-text.ts";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { calibrationTensors } from "./calibration.ts";
import { fp32Graph } from "./fp32-graph.ts";
import { lexicalMeanOf, lexicalWeights } from "./lexical.ts";
import { HIDDEN, type MiniLm, readMiniLm, VOCABULARY } from "./minilm.ts";
import { calibrationSuites, readPrompts, spread } from "./prompts.ts";
import { loadGraph } from "./run-graph.ts";
import { tokenizerFile } from "./tokenizer-file.ts";

const RANGE_PROMPTS_PER_SUITE = 64;
const RANGE_TOKEN_CAP = 256;

const [modelDirectory, dataDirectory] = process.argv.slice(2);
if (modelDirectory === undefined || dataDirectory === undefined) {
  console.error("usage: calibrate.ts <directory of the fp32 model> <directory of the outcome suites>");
  process.exit(2);
}

const model = readMiniLm(readFileSync(join(modelDirectory, "model.safetensors")));
const tokenizer = createTokenizer(
  tokenizerFile(readFileSync(join(modelDirectory, "tokenizer.json"), "utf8")),
);
if (!tokenizer.ok) throw new Error(tokenizer.failure.message);
const limits = { tokenCap: RANGE_TOKEN_CAP, lexicalDistinctCap: Number.POSITIVE_INFINITY };
const suites = calibrationSuites.map(({ name }) => readPrompts(dataDirectory, name));
const encode = (prompt: string) => encodeText(tokenizer.value, prompt, limits);

const inputMax = await measureInputMax(
  model,
  suites
    .flatMap((prompts) => spread(prompts, RANGE_PROMPTS_PER_SUITE))
    .map((prompt) => encode(prompt).inputIds),
);
const { tokenCounts, lexicalMean } = measureTokens(model, suites.flat());
const metadata = {
  suites: JSON.stringify(
    calibrationSuites.map(({ name, source, license }) => `${name} (${source}, ${license})`),
  ),
  prompts: String(suites.flat().length),
  range_prompts: String(RANGE_PROMPTS_PER_SUITE * suites.length),
};
const file = new URL("../calibration.safetensors", import.meta.url);
writeFileSync(file, writeSafetensors(calibrationTensors(inputMax, tokenCounts, lexicalMean, metadata)));
console.error(
  `wrote calibration.safetensors: ${metadata.prompts} prompts, ${metadata.range_prompts} for the ranges`,
);

async function measureInputMax(
  model: MiniLm,
  texts: readonly Int32Array[],
): Promise<Map<string, Float32Array>> {
  const session = await loadGraph(InferenceSession, fp32Graph(model, true));
  const largest = new Map<string, Float32Array>();
  for (const ids of texts) {
    const outputs = await session.run({ input_ids: new Tensor("int32", ids, [1, ids.length]) });
    for (const [output, { data, dims }] of Object.entries(outputs)) {
      if (!output.startsWith("observed.")) continue;
      const name = `${output.slice("observed.".length)}.input_max`;
      const channels = dims[2] as number;
      const channelMax = largest.get(name) ?? new Float32Array(channels);
      (data as Float32Array).forEach((value, k) => {
        channelMax[k % channels] = Math.max(channelMax[k % channels] as number, Math.abs(value));
      });
      largest.set(name, channelMax);
    }
  }
  return largest;
}

function measureTokens(model: MiniLm, prompts: readonly string[]) {
  const views = prompts.map(encode);
  const tokenCounts = new Int32Array(VOCABULARY);
  for (const { lexicalIds, lexicalCounts } of views) {
    lexicalIds.forEach((id, k) => {
      tokenCounts[id] = (tokenCounts[id] as number) + (lexicalCounts[k] as number);
    });
  }
  const weights = lexicalWeights(tokenCounts);
  const embeddings = dequantizeRows(quantizeRows(model.wordEmbeddings, HIDDEN)); // as the graph reads them
  const sum = new Float64Array(HIDDEN);
  for (const { lexicalIds, lexicalCounts } of views) {
    lexicalMeanOf(lexicalIds, lexicalCounts, weights, embeddings).forEach((value, k) => {
      sum[k] = (sum[k] as number) + value;
    });
  }
  return { tokenCounts, lexicalMean: Float32Array.from(sum, (value) => value / prompts.length) };
}
