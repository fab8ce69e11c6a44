import type { Calibration } from "./calibration.ts";
import type { Layer, Linear, LinearKey, MiniLm } from "./minilm.ts";

// The published default of .5 suits larger models; .7 gave the best cosine to fp32 here.
const ALPHA = 0.7;
const SMALLEST = 1e-5;

/** Smooths every linear layer; the factors of `attention_output` are folded into the attention values. */
export function smoothModel(model: MiniLm, calibration: Calibration) {
  const factors = new Map<string, Float32Array>();
  const layers = model.layers.map((weights, layer): Layer => {
    const smooth = (key: LinearKey, linear: Linear) => {
      const found = smoothFactors(linear, calibration.inputMax(layer, key));
      if (key !== "attention_output") factors.set(`layer.${layer}.${key}`, found);
      return { linear: divideInputs(linear, found), found };
    };
    const attentionOutput = smooth("attention_output", weights.linear.attention_output);
    const qkv = multiplyLastOutputs(weights.linear.qkv, attentionOutput.found);
    return {
      ...weights,
      linear: {
        qkv: smooth("qkv", qkv).linear,
        attention_output: attentionOutput.linear,
        ffn_in: smooth("ffn_in", weights.linear.ffn_in).linear,
        ffn_out: smooth("ffn_out", weights.linear.ffn_out).linear,
      },
    };
  });
  return { model: { ...model, layers }, factors };
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
    weightMax[channel] = Math.max(weightMax[channel] as number, Math.abs(weight[k] as number));
  }
  const logs = Float64Array.from(
    inputMax,
    (activation, channel) =>
      (1 - ALPHA) * Math.log(Math.max(weightMax[channel] as number, SMALLEST)) -
      ALPHA * Math.log(Math.max(activation, SMALLEST)),
  );
  const mean = logs.reduce((sum, log) => sum + log, 0) / inputs;
  return Float32Array.from(logs, (log) => cutMantissa(Math.exp(log - mean)));
}

/** Divides every input channel of the weights by its factor. */
function divideInputs(linear: Linear, factors: Float32Array): Linear {
  const weight = linear.weight.map((value, k) => value / (factors[k % linear.inputs] as number));
  return { ...linear, weight };
}

/**
 * Multiplies the last `factors.length` outputs (weights and bias) by their factor: folds the smoothing of the
 * attention output's input into the values that attention mixes.
 */
function multiplyLastOutputs(linear: Linear, factors: Float32Array): Linear {
  const { weight, bias, inputs } = linear;
  const first = bias.length - factors.length;
  const factor = (output: number) => (output < first ? 1 : (factors[output - first] as number));
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
