import type { LinearHead } from "../../core/math/linear-head.ts";
import { type EvidenceVariances, llmEvidence } from "../../core/math/llm-evidence.ts";
import { type Matrix, matrix, row } from "../../numerics/matrix.ts";

/** For bundles that don't carry learned ones; good on llmrouter and mmlu-pro. */
export const usualVariances: EvidenceVariances = { mixture: 1 / 30, byTask: 0.005, ability: 0.01 };

/** Of the difference between a score that others published and the one that our own prompts would give. */
export const PUBLISHED_SD = 0.03;

/** Factors on the usual variances that are tried, one variance at a time. */
const FACTORS = [0.1, 0.3, 1, 3, 10] as const;
const ROUNDS = 2;
/** More LLMs say little more about three numbers, and each costs a factorization for each trial. */
const MOST_LLMS = 16;
/** The same for tasks. */
const MOST_TASKS = 60;

/**
 * How much a new LLM is expected to differ from those before it: each known LLM in turn is taken as new, and the
 * variances are those under which the task means of all of them were most likely.
 * @param head of the known LLMs @param features [tasks, features] means
 */
export function learnVariances(head: LinearHead, features: Matrix): EvidenceVariances {
  if (head.outputs < 3 || features.rows < 2) return usualVariances;
  const cases = everyNth(head.outputs, MOST_LLMS).map((model) => leftOut(head, features, model));
  let best = usualVariances;
  let bestFit = totalFit(cases, best);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ["ability", "mixture", "byTask"] as const) {
      const from = best;
      for (const factor of FACTORS) {
        const tried = { ...from, [name]: usualVariances[name] * factor };
        const fit = totalFit(cases, tried);
        if (fit > bestFit) [best, bestFit] = [tried, fit];
      }
    }
  }
  return best;
}

/** One LLM as if new: its task means relative to the others, and what they could be made of. */
interface LeftOut {
  readonly targets: Float64Array;
  /** [tasks, tasks] products of the others' deviations. */
  readonly mixture: Matrix;
  /** [tasks, tasks] products of the memberships. */
  readonly byTask: Matrix;
}

function leftOut(head: LinearHead, features: Matrix, model: number): LeftOut {
  const width = head.weights.length / head.outputs;
  const others = {
    outputs: head.outputs - 1,
    weights: Float32Array.from(head.weights.filter((_, k) => Math.floor(k / width) !== model)),
  };
  const own = { outputs: 1, weights: head.weights.slice(model * width, (model + 1) * width) };
  const tasks = features.rows;
  const evidence = llmEvidence(others, tasks);
  const ownEvidence = llmEvidence(own, tasks);
  const sampled = everyNth(tasks, MOST_TASKS);
  const rows = sampled.map((d) => {
    const at = Float64Array.from(row(features, d));
    const { row: weights, mean } = evidence.rowAt(at);
    return { weights, target: ownEvidence.rowAt(at).mean - mean };
  });
  const products = (from: number, to: number) => {
    const table = matrix(rows.length, rows.length);
    rows.forEach((a, i) => {
      rows.forEach((b, j) => {
        let sum = 0;
        for (let k = from; k < to; k++) sum += a.weights[k] * b.weights[k];
        table.data[i * rows.length + j] = sum;
      });
    });
    return table;
  };
  return {
    targets: Float64Array.from(rows, ({ target }) => target),
    mixture: products(0, evidence.models),
    byTask: products(evidence.models, evidence.models + tasks),
  };
}

function totalFit(cases: readonly LeftOut[], variances: EvidenceVariances): number {
  return cases.reduce((sum, one) => sum + logLikelihood(one, variances), 0);
}

/** Of the targets under a normal distribution with the covariance that the variances give, up to a constant. */
function logLikelihood({ targets, mixture, byTask }: LeftOut, variances: EvidenceVariances): number {
  const size = targets.length;
  const factor = new Float64Array(size * size);
  let sum = 0;
  const whitened = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    for (let k = 0; k <= j; k++) {
      const cell = j * size + k;
      let value =
        variances.mixture * mixture.data[cell] + variances.byTask * byTask.data[cell] + variances.ability;
      if (j === k) value += PUBLISHED_SD ** 2;
      for (let i = 0; i < k; i++) value -= factor[j * size + i] * factor[k * size + i];
      factor[cell] = j === k ? Math.sqrt(value) : value / factor[k * size + k];
    }
    let rest = targets[j];
    for (let k = 0; k < j; k++) rest -= factor[j * size + k] * whitened[k];
    whitened[j] = rest / factor[j * size + j];
    sum -= whitened[j] ** 2 / 2 + Math.log(factor[j * size + j]);
  }
  return sum;
}

/** At most `most` of the numbers below `count`, evenly. */
function everyNth(count: number, most: number): readonly number[] {
  const step = Math.max(1, count / most);
  return Array.from({ length: Math.min(count, most) }, (_, k) => Math.floor(k * step));
}
