import { type QuantizedRows, quantizeRows } from "../../../src/core/math/quantize.ts";
import type { Linear } from "./minilm.ts";
import type { InputStatistics } from "./observe.ts";

const SWEEPS = 3;
const MAX_LEVEL = 127;

/** int8 rows of a linear layer, and the bias that makes up for what rounding does to the mean input. */
export interface RoundedLinear extends QuantizedRows {
  readonly bias: Float32Array;
}

/**
 * Rounds a linear layer to int8 so that its output, not its weights, changes least: with the rounding error e of
 * one output and the inputs' covariance C, e' C e is lowered by moving single weights to the neighboring level
 * as long as that helps (coordinate descent; the aim is that of GPTQ, Frantar et al. 2022, arXiv 2210.17323).
 * C is the given components plus a diagonal. The error on the mean input goes into the bias.
 */
export function roundLinear({ weight, bias, inputs }: Linear, statistics: InputStatistics): RoundedLinear {
  const { values, scales, columns } = quantizeRows(weight, inputs);
  const correctedBias = new Float32Array(bias.length);
  for (let output = 0; output < bias.length; output++) {
    const row = values.subarray(output * inputs, (output + 1) * inputs);
    const exact = weight.subarray(output * inputs, (output + 1) * inputs);
    const scale = scales[output];
    improveRow(row, exact, scale, statistics);
    let shift = 0;
    for (let k = 0; k < inputs; k++) {
      shift += (exact[k] - row[k] * scale) * statistics.mean[k];
    }
    correctedBias[output] = bias[output] + shift;
  }
  return { values, scales, columns, bias: correctedBias };
}

function improveRow(row: Int8Array, exact: Float32Array, scale: number, statistics: InputStatistics): void {
  const { components, residual } = statistics;
  const inputs = row.length;
  const count = components.length / inputs;
  const byInput = transposed(components, inputs);
  const error = Float64Array.from(exact, (value, k) => value - row[k] * scale);
  const projected = new Float64Array(count); // components times error
  for (let k = 0; k < inputs; k++) {
    for (let c = 0; c < count; c++) {
      projected[c] += byInput[k * count + c] * error[k];
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let k = 0; k < inputs; k++) {
      const step = error[k] > 0 ? 1 : -1; // towards the level on the other side of the exact weight
      const level = row[k] + step;
      if (Math.abs(level) > MAX_LEVEL) continue;
      const change = -step * scale;
      let slope = residual[k] * error[k];
      let curvature = residual[k];
      for (let c = 0; c < count; c++) {
        const component = byInput[k * count + c];
        slope += component * projected[c];
        curvature += component * component;
      }
      if (2 * change * slope + change * change * curvature >= 0) continue;
      row[k] = level;
      error[k] += change;
      for (let c = 0; c < count; c++) {
        projected[c] += change * byInput[k * count + c];
      }
    }
  }
}

const cache = new WeakMap<Float32Array, Float64Array>();

/** [count, inputs] to [inputs, count], once per layer. */
function transposed(components: Float32Array, inputs: number): Float64Array {
  const known = cache.get(components);
  if (known !== undefined) return known;
  const count = components.length / inputs;
  const result = Float64Array.from(
    components,
    (_, at) => components[(at % count) * inputs + Math.floor(at / count)],
  );
  cache.set(components, result);
  return result;
}
