import { dot, factorize, solveLower, solveUpper } from "./posterior.ts";

/**
 * What grades say of how far one LLM's predictions are off, added up, so that the grades need not be kept: the shift is
 * common . u + own . v + noise, with `own` the rows of core/math/llm-evidence.ts and v this LLM's weights, and u the same
 * for all LLMs: prompts may be harder than they look, and that is no LLM's fault.
 */
export interface ShiftEvidence {
  /** All of it as one array, to be stored. */
  readonly cells: Float64Array;
  /** Of own and common rows together. */
  readonly size: number;
}

/** One grade against what was predicted. */
export interface ObservedShift {
  /** [own + common] */
  readonly row: Float64Array;
  /** Grade minus probability, and minus decision score. */
  readonly ofProbability: number;
  readonly ofDecision: number;
  /** Of the grade's noise. */
  readonly variance: number;
  /** What would have been predicted of an unfamiliar prompt. */
  readonly fallback: number;
}

/** @param cells what was stored; without them nothing is known */
export function shiftEvidence(size: number, cells = new Float64Array(cellsFor(size))): ShiftEvidence {
  if (cells.length !== cellsFor(size))
    throw new RangeError(`${cells.length} cells hold no rows of ${size} numbers`);
  return { cells, size };
}

function triangle(size: number): number {
  return (size * (size + 1)) / 2;
}

/** sum r r' / s^2 row by row, two sums r y / s^2, sum of the rows, number of grades, sum of the fallbacks. */
function cellsFor(size: number): number {
  return triangle(size) + 3 * size + 2;
}

export function addShift({ cells, size }: ShiftEvidence, observed: ObservedShift): void {
  const { row, variance } = observed;
  let cell = 0;
  for (let j = 0; j < size; j++) {
    const factor = row[j] / variance;
    if (factor === 0) cell += j + 1;
    else for (let k = 0; k <= j; k++, cell++) cells[cell] += factor * row[k];
  }
  const ofProbability = observed.ofProbability / variance;
  const ofDecision = observed.ofDecision / variance;
  for (let j = 0; j < size; j++, cell++) {
    cells[cell] += row[j] * ofProbability;
    cells[cell + size] += row[j] * ofDecision;
    cells[cell + 2 * size] += row[j];
  }
  cells[cells.length - 2] += 1;
  cells[cells.length - 1] += observed.fallback;
}

export function countOf({ cells }: ShiftEvidence): number {
  return cells[cells.length - 2];
}

/** What was predicted of unfamiliar prompts, on average over the graded ones. */
export function meanFallback({ cells }: ShiftEvidence): number {
  return cells[cells.length - 1] / cells[cells.length - 2];
}

/** [size] mean row of what was graded of several LLMs: what the traffic looks like. */
export function meanRow(all: readonly ShiftEvidence[], size: number): Float64Array {
  const mean = new Float64Array(size);
  const count = all.reduce((sum, one) => sum + countOf(one), 0);
  const start = triangle(size) + 2 * size;
  for (const { cells } of all) for (let j = 0; j < size; j++) mean[j] += cells[start + j] / count;
  return mean;
}

/** What is believed of the shifts of all graded LLMs, from the same grades for probabilities and decision scores. */
export interface Shifts {
  readonly ofProbability: ShiftBelief;
  readonly ofDecision: ShiftBelief;
  /** Variances of row . own weights, by LLM, and of row . common weights. */
  varianceOfOwn(llm: number, row: Float64Array): number;
  varianceOfCommon(row: Float64Array): number;
}

interface ShiftBelief {
  /** [common] */
  readonly common: Float64Array;
  /** [llms][own] */
  readonly own: readonly Float64Array[];
}

/**
 * The posterior of all weights at once. Given the common ones, LLMs are independent of each other, so that each is
 * eliminated by a factorization of its own, and what is left of all is a system of the common weights.
 * @param own variances of one LLM's weights @param common variances of those that all LLMs share
 */
export function shiftsOf(all: readonly ShiftEvidence[], own: Float64Array, common: Float64Array): Shifts {
  const [n, c] = [own.length, common.length];
  const scales = own.map(Math.sqrt);
  const shared = new Float64Array(c * c);
  for (let j = 0; j < c; j++) shared[j * c + j] = 1 / common[j];
  const pulls = [new Float64Array(c), new Float64Array(c)];
  const llms = all.map(({ cells, size }) => {
    const factor = new Float64Array(n * n);
    for (let j = 0, cell = 0; j < n; j++) {
      for (let k = 0; k <= j; k++, cell++) factor[j * n + k] = scales[j] * scales[k] * cells[cell];
      factor[j * n + j] += 1;
    }
    factorize(factor, n);
    const solve = (b: Float64Array) => solveUpper(factor, solveLower(factor, b));
    const crossed = Array.from({ length: c }, (_, i) =>
      scales.map((scale, j) => scale * cells[triangle(n + i) + j]),
    );
    const solved = crossed.map(solve);
    const pullOf = (k: number) => cells.subarray(triangle(size) + k * size, triangle(size) + (k + 1) * size);
    for (let i = 0; i < c; i++) {
      for (let j = 0; j <= i; j++) {
        const left = cells[triangle(n + i) + n + j] - dot(crossed[i], solved[j]);
        shared[i * c + j] += left;
        if (i !== j) shared[j * c + i] += left;
      }
    }
    const scaledPulls = [0, 1].map((k) => scales.map((scale, j) => scale * pullOf(k)[j]));
    scaledPulls.forEach((pull, k) => {
      for (let i = 0; i < c; i++) pulls[k][i] += pullOf(k)[n + i] - dot(solved[i], pull);
    });
    return { factor, solve, crossed, solved, scaledPulls };
  });
  factorize(shared, c);
  const beliefs = pulls.map((pull, k): ShiftBelief => {
    const u = solveUpper(shared, solveLower(shared, pull));
    return {
      common: u,
      own: llms.map(({ solve, crossed, scaledPulls }) => {
        const rest = scaledPulls[k].map((value, j) =>
          crossed.reduce((sum, column, i) => sum - column[j] * u[i], value),
        );
        return solve(rest).map((value, j) => value * scales[j]);
      }),
    };
  });
  const halfSquared = (factor: Float64Array, b: Float64Array) => {
    const half = solveLower(factor, b);
    return dot(half, half);
  };
  return {
    ofProbability: beliefs[0],
    ofDecision: beliefs[1],
    varianceOfOwn(llm, row) {
      const scaled = scales.map((scale, j) => scale * row[j]);
      const { factor, solved } = llms[llm];
      const ofCommon = Float64Array.from(solved, (column) => dot(column, scaled));
      return halfSquared(factor, scaled) + halfSquared(shared, ofCommon);
    },
    varianceOfCommon: (row) => halfSquared(shared, row),
  };
}

/**
 * The share of an estimate that is to be believed: none within `caution` standard deviations of 0, nearly all of one that
 * is far beyond. Little evidence changes little: the plain estimate chases luck.
 */
export function credibleShare(mean: number, sd: number, caution: number): number {
  return mean === 0 ? 0 : Math.max(0, 1 - ((caution * sd) / mean) ** 2);
}

/** Adds to one row of a head. */
export function addToRow(
  weights: Float32Array,
  width: number,
  output: number,
  added: Float64Array,
  factor: number,
): void {
  const start = output * width;
  for (let j = 0; j < width; j++) weights[start + j] += factor * added[j];
}

/**
 * The same function of the kernels alone: memberships stand at their mean, in the intercept.
 * @param row [kernels + tasks + 1] @param memberships [tasks] mean
 */
export function onKernels(row: Float64Array, memberships: Float64Array): Float64Array {
  const kernels = row.length - 1 - memberships.length;
  const short = row.slice(0, kernels + 1);
  short[kernels] = row[row.length - 1];
  for (let d = 0; d < memberships.length; d++) short[kernels] += row[kernels + d] * memberships[d];
  return short;
}
