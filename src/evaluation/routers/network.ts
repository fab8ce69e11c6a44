import { multiply } from "../../numerics/blas.ts";
import { type Matrix, matrix, row, takeRows } from "../../numerics/matrix.ts";
import { permutation, seededRandom } from "../../numerics/random.ts";
import { type Adam, prepareAdam } from "./adam.ts";

/** A feed-forward network with one sigmoid output a model, trained on the known outcomes by cross-entropy. */
export interface NetworkOptions {
  /** Widths of the hidden layers; none gives logistic regression. */
  readonly hidden: readonly number[];
  /** What stands between the layers; "linear" makes the network a low-rank factorization. */
  readonly activation: "relu" | "linear";
  readonly learningRate: number;
  /** Decoupled weight decay, per step and unit of learning rate. */
  readonly weightDecay: number;
  readonly mostEpochs: number;
}

const BATCH_ROWS = 256;
/** Share of the training prompts that decide when to stop. */
const HELD_OUT = 0.1;
/** Epochs without a better held-out loss before training ends. */
const PATIENCE = 3;

interface Layer {
  readonly weights: Matrix;
  readonly biases: Matrix;
  readonly weightsAdam: Adam;
  readonly biasesAdam: Adam;
}

/** @returns a function from embeddings [prompts, dimension] to probabilities [prompts, models] */
export async function trainNetwork(
  inputs: Matrix,
  targets: Matrix,
  seed: number,
  options: NetworkOptions,
): Promise<(inputs: Matrix) => Promise<Matrix>> {
  const random = seededRandom(seed);
  const order = permutation(inputs.rows, random);
  const heldOut = order.subarray(0, Math.floor(inputs.rows * HELD_OUT));
  const learning = order.slice(heldOut.length);
  const sizes = [inputs.columns, ...options.hidden, targets.columns];
  const layers = sizes.slice(1).map((width, k) => drawLayer(sizes[k], width, random));
  const [heldInputs, heldTargets] = [takeRows(inputs, heldOut), takeRows(targets, heldOut)];
  const takeInputs = prepareBatches(inputs);
  const takeTargets = prepareBatches(targets);
  let best = layers.map(copyLayer);
  let bestLoss = Number.POSITIVE_INFINITY;
  for (let epoch = 0, since = 0; epoch < options.mostEpochs && since < PATIENCE; epoch++, since++) {
    const shuffled = permutation(learning.length, random).map((k) => learning[k]);
    for (let start = 0; start < shuffled.length; start += BATCH_ROWS) {
      const batch = shuffled.subarray(start, start + BATCH_ROWS);
      await step(layers, takeInputs(batch), takeTargets(batch), options);
    }
    const loss = crossEntropy((await forward(layers, heldInputs, options)).at(-1) as Matrix, heldTargets);
    if (!(loss < bestLoss)) continue;
    bestLoss = loss;
    best = layers.map(copyLayer);
    since = -1;
  }
  return async (test) => (await forward(best, test, options)).at(-1) as Matrix;
}

/** Returns what takes a batch's rows; each batch overwrites the one before, since memory for every step is dear. */
function prepareBatches(source: Matrix): (batch: Int32Array) => Matrix {
  const data = new Float32Array(BATCH_ROWS * source.columns);
  return (batch) => {
    const size = batch.length * source.columns;
    return takeRows(source, batch, matrix(batch.length, source.columns, data.subarray(0, size)));
  };
}

function drawLayer(inputs: number, outputs: number, random: () => number): Layer {
  // He initialization, uniform (He et al. 2015, arXiv 1502.01852).
  const bound = Math.sqrt(6 / inputs);
  const weights = matrix(inputs, outputs);
  for (let k = 0; k < weights.data.length; k++) weights.data[k] = (2 * random() - 1) * bound;
  const biases = matrix(1, outputs);
  return { weights, biases, weightsAdam: prepareAdam(weights), biasesAdam: prepareAdam(biases) };
}

function copyLayer(layer: Layer): Layer {
  const copy = ({ rows, columns, data }: Matrix) => matrix(rows, columns, data.slice());
  return { ...layer, weights: copy(layer.weights), biases: copy(layer.biases) };
}

/** The inputs, then the values of every layer; the last are probabilities. */
async function forward(
  layers: readonly Layer[],
  inputs: Matrix,
  { activation }: NetworkOptions,
): Promise<Matrix[]> {
  const values = [inputs];
  for (const [k, { weights, biases }] of layers.entries()) {
    const output = await multiply(values[k] as Matrix, weights);
    const last = k === layers.length - 1;
    const floor = activation === "relu" && !last ? 0 : Number.NEGATIVE_INFINITY;
    for (let start = 0; start < output.data.length; start += output.columns) {
      for (let j = 0; j < output.columns; j++) {
        const value = Math.max(output.data[start + j] + biases.data[j], floor);
        output.data[start + j] = last ? 1 / (1 + Math.exp(-value)) : value;
      }
    }
    values.push(output);
  }
  return values;
}

/** One Adam step on one batch; unknown outcomes have no gradient. */
async function step(
  layers: readonly Layer[],
  inputs: Matrix,
  targets: Matrix,
  options: NetworkOptions,
): Promise<void> {
  const values = await forward(layers, inputs, options);
  let gradient = outputGradient(values.at(-1) as Matrix, targets);
  for (let k = layers.length - 1; k >= 0; k--) {
    const { weights, biases, weightsAdam, biasesAdam } = layers[k] as Layer;
    const input = values[k] as Matrix;
    const weightGradient = await multiply(input, gradient, { transposeA: true });
    const below = k > 0 ? await multiply(gradient, weights, { transposeB: true }) : undefined;
    biasesAdam.step(biases.data, columnSums(gradient), options.learningRate, 0);
    weightsAdam.step(weights.data, weightGradient.data, options.learningRate, options.weightDecay);
    if (below === undefined) continue;
    if (options.activation === "relu") {
      for (let j = 0; j < below.data.length; j++) if (input.data[j] === 0) below.data[j] = 0;
    }
    gradient = below;
  }
}

/** Of the cross-entropy before the sigmoid: mean over prompts, summed over models; unknown outcomes have none. */
function outputGradient(output: Matrix, targets: Matrix): Matrix {
  const gradient = matrix(output.rows, output.columns);
  let known = 0;
  for (let k = 0; k < targets.data.length; k++) {
    const target = targets.data[k];
    if (Number.isNaN(target)) continue;
    gradient.data[k] = output.data[k] - target;
    known++;
  }
  // Summed over models, so that the step doesn't shrink with the number of models.
  const scale = targets.columns / Math.max(known, 1);
  for (let k = 0; k < gradient.data.length; k++) gradient.data[k] *= scale;
  return gradient;
}

function columnSums(source: Matrix): Float32Array {
  const sums = new Float32Array(source.columns);
  for (let i = 0; i < source.rows; i++) {
    const values = row(source, i);
    for (let j = 0; j < values.length; j++) sums[j] += values[j];
  }
  return sums;
}

function crossEntropy(probabilities: Matrix, targets: Matrix): number {
  let loss = 0;
  for (let k = 0; k < targets.data.length; k++) {
    const target = targets.data[k];
    if (Number.isNaN(target)) continue;
    const p = Math.min(Math.max(probabilities.data[k], 1e-7), 1 - 1e-7);
    loss -= target * Math.log(p) + (1 - target) * Math.log(1 - p);
  }
  return loss;
}
