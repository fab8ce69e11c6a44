/**
 * Measures what quantization and the lexical view need to know about real prompts and writes
 * calibration.safetensors: statistics of the inputs of every linear layer, token counts, mean of the lexical view.
 *
 *   node models/encoder/build/calibrate.ts <directory of the fp32 model> <directory of the outcome suites>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dequantizeRows, quantizeRows } from "../../../src/core/math/quantize.ts";
import { writeSafetensors } from "../../../src/core/safetensors.ts";
import { encodeText } from "../../../src/encoder/encode-text.ts";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { calibrationTensors } from "./calibration.ts";
import { lexicalMeanOf, lexicalWeights } from "./lexical.ts";
import { HIDDEN, type MiniLm, readMiniLm, VOCABULARY } from "./minilm.ts";
import { observeInputs } from "./observe.ts";
import { calibrationSuites, readPrompts, spread } from "./prompts.ts";
import { tokenizerFile } from "./tokenizer-file.ts";

const OBSERVED_PROMPTS_PER_SUITE = 64;
// Short texts, in which [CLS] and [SEP] weigh most, are cut from the same prompts.
const SHORT_TOKENS = 8;
const OBSERVED_TOKEN_CAP = 256;

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
const limits = { tokenCap: OBSERVED_TOKEN_CAP, lexicalDistinctCap: Number.POSITIVE_INFINITY };
const suites = calibrationSuites.map(({ name }) => readPrompts(dataDirectory, name));
const encode = (prompt: string) => encodeText(tokenizer.value, prompt, limits);

const observed = suites.map((prompts) => spread(prompts, OBSERVED_PROMPTS_PER_SUITE).map(encode));
const statistics = await observeInputs(
  model,
  observed.flat().map(({ inputIds }) => inputIds),
  observed.flat().flatMap(({ inputIds }, k) => shortTexts(inputIds, k)),
);
const { tokenCounts, lexicalMean } = measureTokens(model, suites.flat());
const metadata = {
  suites: JSON.stringify(
    calibrationSuites.map(({ name, source, license }) => `${name} (${source}, ${license})`),
  ),
  prompts: String(suites.flat().length),
  observed_prompts: String(OBSERVED_PROMPTS_PER_SUITE * suites.length),
};
const file = new URL("../calibration.safetensors", import.meta.url);
writeFileSync(file, writeSafetensors(calibrationTensors(statistics, tokenCounts, lexicalMean, metadata)));
console.error(
  `wrote calibration.safetensors: ${metadata.prompts} prompts, ${metadata.observed_prompts} for the linear layers`,
);

/** Two texts of one to eight tokens from the start of a prompt, [CLS] and [SEP] around them. */
function shortTexts(ids: Int32Array, k: number): Int32Array[] {
  const content = ids.subarray(1, -1);
  return [k % SHORT_TOKENS, (k * 3 + 1) % SHORT_TOKENS].map((extra, half) => {
    const start = Math.min(half * SHORT_TOKENS, content.length);
    return Int32Array.of(ids[0], ...content.subarray(start, start + extra + 1), ids.at(-1) as number);
  });
}

function measureTokens(model: MiniLm, prompts: readonly string[]) {
  const views = prompts.map(encode);
  const tokenCounts = new Int32Array(VOCABULARY);
  for (const { lexicalIds, lexicalCounts } of views) {
    lexicalIds.forEach((id, k) => {
      tokenCounts[id] += lexicalCounts[k];
    });
  }
  const weights = lexicalWeights(tokenCounts);
  const embeddings = dequantizeRows(quantizeRows(model.wordEmbeddings, HIDDEN)); // as the graph reads them
  const sum = new Float64Array(HIDDEN);
  for (const { lexicalIds, lexicalCounts } of views) {
    lexicalMeanOf(lexicalIds, lexicalCounts, weights, embeddings).forEach((value, k) => {
      sum[k] += value;
    });
  }
  return { tokenCounts, lexicalMean: Float32Array.from(sum, (value) => value / prompts.length) };
}
