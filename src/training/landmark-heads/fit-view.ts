import { HALF_TRUST } from "../../core/landmark-predictor.ts";
import { type Curve, evaluateCurve } from "../../core/math/curve.ts";
import { type Matrix, matrix, row } from "../../numerics/matrix.ts";
import type { Dataset } from "../dataset.ts";
import { type FittedDecision, fitDecision } from "./decision.ts";
import { type FittedFamiliarity, fitFamiliarity } from "./familiarity.ts";
import { type FittedHeads, fitHeads } from "./fit-heads.ts";
import { groupsToLeaveOut } from "./groups.ts";
import type { KernelOptions } from "./kernels.ts";
import { leaveGroupsOut } from "./leave-group-out.ts";
import { type FittedLengths, fitLengths } from "./lengths.ts";
import { fitTrust } from "./trust.ts";
import { type FittedUnfamiliar, fitUnfamiliar, unfamiliarPenalties } from "./unfamiliar.ts";

/** One set of heads: all that predicts from one kind of embedding. */
export interface FittedView {
  readonly heads: FittedHeads;
  readonly decision: FittedDecision;
  readonly unfamiliar: FittedUnfamiliar;
  readonly familiarity: FittedFamiliarity;
  /** trust = familiarity ^ power */
  readonly power: number;
  /** Undefined where no lengths of answers are known. */
  readonly lengths: FittedLengths | undefined;
  readonly calibration: Curve;
  /** Groups of prompts that were left out to learn what holds for unfamiliar prompts. */
  readonly groupsLeftOut: number;
}

/** Fits a set of heads on the embeddings of the dataset, which are of one kind. */
export async function fitView(train: Dataset, options: KernelOptions): Promise<FittedView> {
  const heads = await fitHeads(train, options);
  const decision = await fitDecision(heads);
  const groups = groupsToLeaveOut(train, options.seed);
  const leftOut = await leaveGroupsOut(train, heads.whitened, groups, {
    ease: unfamiliarPenalties,
    deviations: unfamiliarPenalties,
    tasks: heads.penalties.tasks,
  });
  const unfamiliar = await fitUnfamiliar(train, heads, leftOut);
  const familiarity = await fitFamiliarity(
    train.embeddings,
    heads.kernels,
    largestInRows(heads.leaveOneOutTaskScores),
    leftOut,
  );
  const { power, calibration } = fitTrust(
    { own: heads.leaveOneOut, fallback: unfamiliar.fitted, familiarity: familiarity.leaveOneOut },
    train.outcomes,
    groups.areSuites,
  );
  return {
    heads,
    decision,
    unfamiliar,
    familiarity,
    power,
    lengths: await fitLengths(heads, train.outputTokens),
    calibration,
    groupsLeftOut: leftOut.length,
  };
}

function largestInRows(source: Matrix): Float64Array {
  return Float64Array.from({ length: source.rows }, (_, i) => Math.max(...row(source, i)));
}

/** What a set of heads would have told of the training prompts, each left out. */
export interface LeftOutPredictions {
  /** [prompts, models] */
  readonly pCorrect: Matrix;
  /** [prompts, models] */
  readonly decisionScore: Matrix;
  /** [prompts, models] expected tokens of the answer; undefined where no lengths are known. */
  readonly outputTokens: Matrix | undefined;
  /** [prompts] */
  readonly familiarity: Float64Array;
  /** [prompts] share of own heads in what is said. */
  readonly trust: Float64Array;
  /** [prompts, tasks] */
  readonly memberships: Matrix;
}

/** As `predict` of core/landmark-predictor.ts blends them. */
export function leftOutPredictions({
  heads,
  decision,
  unfamiliar,
  familiarity: { leaveOneOut: familiarity },
  power,
  lengths,
  calibration,
}: FittedView): LeftOutPredictions {
  const trust = familiarity.map((value) => value ** power);
  const { rows, columns } = unfamiliar.fitted;
  const pCorrect = matrix(rows, columns);
  const decisionScore = matrix(rows, columns);
  for (let k = 0; k < pCorrect.data.length; k++) {
    const fallback = unfamiliar.fitted.data[k];
    const share = trust[Math.floor(k / columns)];
    const own = evaluateCurve(calibration, heads.leaveOneOut.data[k]);
    pCorrect.data[k] = fallback + share * (own - fallback);
    decisionScore.data[k] =
      share < HALF_TRUST ? fallback : fallback + share * (decision.leaveOneOut.data[k] - fallback);
  }
  const memberships = heads.leaveOneOutMemberships;
  return { pCorrect, decisionScore, outputTokens: lengths?.leaveOneOut, familiarity, trust, memberships };
}
