import type { Layer, Linear, LinearKey } from "./minilm.ts";
import type { InputStatistics } from "./observe.ts";

// Best mean and minimum of the cosine to fp32 among .5, .6, .65, .7, .8 and .9; the published default is .5.
const ALPHA = 0.65;
const SMALLEST = 1e-5;

/** A linear layer whose input is to be multiplied by `factors` first, if it has any. */
export interface SmoothedLinear {
  readonly linear: Linear;
  /** Of the input as it is after multiplying. */
  readonly statistics: InputStatistics;
  readonly factors?: Float32Array;
}

/** Smooths the linear layers of a transformer layer; the factors of `attention_output` go into the values. */
export function smoothLayer(
  { linear }: Layer,
  statisticsOf: (key: LinearKey) => InputStatistics,
): Readonly<Record<LinearKey, SmoothedLinear>> {
  function smooth(key: LinearKey, linear: Linear): Required<SmoothedLinear> {
    const statistics = statisticsOf(key);
    const factors = smoothFactors(linear, statistics.max);
    return { linear: divideInputs(linear, factors), statistics: scaleInputs(statistics, factors), factors };
  }
  const { factors, ...attentionOutput } = smooth("attention_output", linear.attention_output);
  return {
    qkv: smooth("qkv", multiplyLastOutputs(linear.qkv, factors)),
    attention_output: attentionOutput,
    ffn_in: smooth("ffn_in", linear.ffn_in),
    ffn_out: smooth("ffn_out", linear.ffn_out),
  };
}

/**
 * SmoothQuant (Xiao et al. 2022, arXiv 2211.10438): a factor per input channel that moves the spread of the
 * activations, which share one int8 scale, into the weights, which have one per output channel.
 * x W^T = (x f) (W / f)^T with f_k = max|W_k|^(1-alpha) / max|x_k|^alpha, over its geometric mean.
 *
 * Factors are cut to 12 bits of mantissa, so that engines whose pow differs in the last bit build the same file.
 */
function smoothFactors({ weight, inputs }: Linear, inputMax: Float32Array): Float32Array {
  const weightMax = new Float32Array(inputs);
  for (let k = 0; k < weight.length; k++) {
    const channel = k % inputs;
    weightMax[channel] = Math.max(weightMax[channel], Math.abs(weight[k]));
  }
  const logs = Float64Array.from(
    inputMax,
    (activation, channel) =>
      (1 - ALPHA) * Math.log(Math.max(weightMax[channel], SMALLEST)) -
      ALPHA * Math.log(Math.max(activation, SMALLEST)),
  );
  const mean = logs.reduce((sum, log) => sum + log, 0) / inputs;
  return Float32Array.from(logs, (log) => cutMantissa(Math.exp(log - mean)));
}

/** Divides every input channel of the weights by its factor. */
function divideInputs(linear: Linear, factors: Float32Array): Linear {
  const weight = linear.weight.map((value, k) => value / factors[k % linear.inputs]);
  return { ...linear, weight };
}

function scaleInputs(
  { max, mean, components, residual }: InputStatistics,
  factors: Float32Array,
): InputStatistics {
  const factor = (k: number) => factors[k % factors.length];
  return {
    max: max.map((value, k) => value * factor(k)),
    mean: mean.map((value, k) => value * factor(k)),
    components: components.map((value, k) => value * factor(k)),
    residual: residual.map((value, k) => value * factor(k) ** 2),
  };
}

/**
 * Multiplies the last `factors.length` outputs (weights and bias) by their factor: folds the smoothing of the
 * attention output's input into the values that attention mixes.
 */
function multiplyLastOutputs(linear: Linear, factors: Float32Array): Linear {
  const { weight, bias, inputs } = linear;
  const first = bias.length - factors.length;
  const factor = (output: number) => (output < first ? 1 : factors[output - first]);
  return {
    inputs,
    weight: weight.map((value, k) => value * factor(Math.floor(k / inputs))),
    bias: bias.map((value, output) => value * factor(output)),
  };
}

function cutMantissa(value: number): number {
  const scale = 2 ** (11 - Math.floor(Math.log2(value)));
  return Math.round(value * scale) / scale;
}
