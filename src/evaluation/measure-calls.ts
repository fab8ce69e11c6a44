import type { Matrix } from "../numerics/matrix.ts";
import type { Dataset } from "../training/dataset.ts";
import { type CallCurve, measureCalls, traceCalls } from "./metrics/call-curve.ts";
import type { CallReport } from "./report/report.ts";

/**
 * RouteLLM's measures of a router over two models, over all prompts and over each benchmark alone. The model with the
 * higher mean is the strong one; prompts that one of the two has no result for are left out.
 *
 * @param decisionScore [prompts, 2]
 */
export function measureRouterCalls(decisionScore: Matrix, { outcomes, taskOf, tasks }: Dataset): CallReport {
  const both = Int32Array.from({ length: outcomes.rows }, (_, i) => i).filter(
    (i) => !Number.isNaN(outcomes.data[2 * i]) && !Number.isNaN(outcomes.data[2 * i + 1]),
  );
  const strong = mean(columnOf(outcomes, 0, both)) >= mean(columnOf(outcomes, 1, both)) ? 0 : 1;
  const curve = curveOver(decisionScore, outcomes, strong, both);
  const benchmarks = tasks.map((task) => task.split("/")[0] as string);
  const names = [...new Set(Array.from(both, (i) => benchmarks[taskOf[i]] as string))];
  const byBenchmark = names.map((name) => {
    const prompts = both.filter((i) => benchmarks[taskOf[i]] === name);
    return [name, measureCalls(curveOver(decisionScore, outcomes, strong, prompts))] as const;
  });
  const several = names.length > 1 && names.length < tasks.length;
  return {
    ...measureCalls(curve),
    curve: thin(curve),
    ...(several ? { by_benchmark: Object.fromEntries(byBenchmark) } : {}),
  };
}

function curveOver(decisionScore: Matrix, outcomes: Matrix, strong: number, prompts: Int32Array): CallCurve {
  const preferred = columnOf(decisionScore, strong, prompts);
  const other = columnOf(decisionScore, 1 - strong, prompts);
  return traceCalls(
    preferred.map((score, k) => score - other[k]),
    columnOf(outcomes, strong, prompts),
    columnOf(outcomes, 1 - strong, prompts),
  );
}

/** Enough points to draw. */
const DRAWN_POINTS = 200;

function thin({ strongShare, quality }: CallCurve): CallCurve {
  const step = Math.max(1, Math.floor(quality.length / DRAWN_POINTS));
  const keep = (_: number, k: number) => k % step === 0 || k === quality.length - 1;
  return { strongShare: strongShare.filter(keep), quality: quality.filter(keep) };
}

function columnOf({ data }: Matrix, column: number, prompts: Int32Array): Float64Array {
  return Float64Array.from(prompts, (i) => data[2 * i + column]);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
