import { InferenceSession, Tensor } from "onnxruntime-node";
import { fp32Graph } from "./fp32-graph.ts";
import { LAYERS, linearKeys, linearName, type MiniLm } from "./minilm.ts";
import { principalComponents } from "./principal-components.ts";
import { loadGraph } from "./run-graph.ts";

/** What the inputs of one linear layer look like on real prompts, channel by channel. */
export interface InputStatistics {
  /** Largest magnitude; [inputs] */
  readonly max: Float32Array;
  /** [inputs] */
  readonly mean: Float32Array;
  /** Principal directions of the covariance, each times its standard deviation; [components, inputs] */
  readonly components: Float32Array;
  /** Variance that the components leave; [inputs] */
  readonly residual: Float32Array;
}

const COMPONENTS = 32;
// One token in so many of a long text counts, and every one of a short text, so that both weigh about the same.
const LONG_TEXT_STRIDE = 8;

/** Runs the fp32 model over the token ids of long and short texts and describes the inputs of every linear layer, by its name. */
export async function observeInputs(
  model: MiniLm,
  longTexts: readonly Int32Array[],
  shortTexts: readonly Int32Array[],
): Promise<Map<string, InputStatistics>> {
  const session = await loadGraph(InferenceSession, fp32Graph(model, true));
  const observations = new Map<string, Observation>();
  const texts = [
    ...longTexts.map((ids) => ({ ids, stride: LONG_TEXT_STRIDE })),
    ...shortTexts.map((ids) => ({ ids, stride: 1 })),
  ];
  for (const { ids, stride } of texts) {
    const outputs = await session.run({ input_ids: new Tensor("int32", ids, [1, ids.length]) });
    for (let layer = 0; layer < LAYERS; layer++) {
      for (const key of linearKeys) {
        const { data, dims } = outputs[`observed.${linearName(layer, key)}`] as Tensor;
        const observation = observations.get(linearName(layer, key)) ?? newObservation(dims[2]);
        observations.set(linearName(layer, key), observation);
        addTokens(observation, data as Float32Array, stride);
      }
    }
  }
  return new Map([...observations].map(([name, observation]) => [name, summarize(observation)]));
}

interface Observation {
  readonly max: Float32Array;
  readonly rows: Float32Array[];
}

function newObservation(inputs: number): Observation {
  return { max: new Float32Array(inputs), rows: [] };
}

function addTokens({ max, rows }: Observation, data: Float32Array, stride: number): void {
  for (let token = 0; token * max.length < data.length; token++) {
    const row = data.slice(token * max.length, (token + 1) * max.length);
    if (token % stride === 0) rows.push(row);
    row.forEach((value, channel) => {
      max[channel] = Math.max(max[channel], Math.abs(value));
    });
  }
}

function summarize({ max, rows }: Observation): InputStatistics {
  const mean = max.map((_, channel) => meanOf(rows, (row) => row[channel]));
  const centered = rows.map((row) => row.map((value, channel) => value - mean[channel]));
  const components = principalComponents(centered, COMPONENTS);
  const residual = mean.map((_, channel) => {
    let variance = meanOf(centered, (row) => row[channel] ** 2);
    for (let c = channel; c < components.length; c += mean.length) variance -= components[c] ** 2;
    return Math.max(variance, 0);
  });
  return { max, mean, components, residual };
}

function meanOf(rows: readonly Float32Array[], value: (row: Float32Array) => number): number {
  let sum = 0;
  for (const row of rows) sum += value(row);
  return sum / rows.length;
}
