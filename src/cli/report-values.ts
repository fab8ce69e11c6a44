import { readFile } from "node:fs/promises";
import { loadPredictor } from "../core/bundle.ts";
import { resolveRule } from "../core/decide.ts";
import { cheapestOf, choose } from "../core/policy.ts";
import { type Observation, observe, type PolicyValue, valueOfPolicy } from "../core/policy-value.ts";
import type { Predictor } from "../core/predictor.ts";
import { type GradedRow, readGraded } from "./d1/read-graded.ts";
import { CommandFailure, unwrap } from "./failure.ts";
import type { TargetOptions } from "./kv/target-options.ts";
import { bundlePath } from "./router-folder.ts";

/** What graded decisions say of ways to choose. */
export interface ReportValues {
  /** Decisions that the figures are of. */
  readonly graded: number;
  /** Of these, how many answers came from a model drawn at random. */
  readonly drawn: number;
  /** Graded decisions that another bundle can't be asked about; left out of all figures. */
  readonly left_out: number;
  readonly policies: readonly NamedValue[];
}

export interface NamedValue {
  readonly policy: string;
  readonly direct: PolicyValue["direct"];
  readonly measured: PolicyValue["measured"];
  readonly corrected: PolicyValue["corrected"];
  readonly usd: PolicyValue["usd"];
  readonly extrapolated_share: number;
  readonly drawn_answers: number;
}

export const nothingGraded: ReportValues = { graded: 0, drawn: 0, left_out: 0, policies: [] };

/** One model for a decision; undefined where the policy has none. */
type Policy = (row: GradedRow) => string | undefined;

/** The value of the router, of always one kind of model, and of another bundle, on decisions since then. */
export async function readValues(
  target: TargetOptions,
  since: Date,
  otherBundle: string | undefined,
): Promise<ReportValues> {
  const policies: Readonly<Record<string, Policy>> = {
    "the router, without draws": ({ policyModel }) => policyModel,
    "always best on average": ({ bestOnAverage }) => bestOnAverage,
    "always the cheapest": ({ candidates }) => cheapestOf(candidates).model,
    ...(otherBundle === undefined ? {} : { [otherBundle]: await bundlePolicy(otherBundle) }),
  };
  const asItIs: Observation[] = [];
  const observed = Object.keys(policies).map((): Observation[] => []);
  let drawn = 0;
  let leftOut = 0;
  for await (const row of readGraded(target, since)) {
    const choices = Object.values(policies).map((policy) => policy(row));
    if (choices.includes(undefined)) {
      leftOut++;
      continue;
    }
    for (const [k, choice] of choices.entries()) observed[k]?.push(observe(row, choice as string));
    // What answered is what is asked about: nothing of it needs a weight.
    asItIs.push({
      stratum: "agrees",
      weight: 1,
      score: row.score,
      predicted: row.pCorrect,
      usd: row.expectedUsd,
    });
    if (row.model !== row.policyModel) drawn++;
  }
  const graded = asItIs.length;
  const named = (policy: string, observations: readonly Observation[] = []): NamedValue => {
    const { direct, measured, corrected, usd, extrapolatedShare, drawnAnswers } = valueOfPolicy(observations);
    return {
      ...{ policy, direct, measured, corrected, usd },
      ...{ extrapolated_share: extrapolatedShare, drawn_answers: drawnAnswers },
    };
  };
  const rows = Object.keys(policies).map((policy, k) => [policy, observed[k]] as const);
  return {
    graded,
    drawn,
    left_out: leftOut,
    policies:
      graded === 0
        ? []
        : [named("the router as it is", asItIs), ...rows.map(([policy, own]) => named(policy, own))],
  };
}

/** What the bundle of that folder would have chosen, by the rule and among the candidates of each decision. */
async function bundlePolicy(folder: string): Promise<Policy> {
  const predictor = unwrap(loadPredictor(await readFile(bundlePath(folder))));
  return ({ rule, encoder, embedding, candidates }) => {
    if (!predictor.encoder.checksum.startsWith(encoder)) {
      throw new CommandFailure({
        code: "encoder_mismatch",
        message: `${folder} was trained on another encoder than the one that embedded these decisions; look back to where the encoder changed with --days, or train on that encoder`,
      });
    }
    const { pCorrect, decisionScore } = predictor.predict(direction(embedding, predictor));
    const known = candidates.flatMap(({ model, expectedUsd }) => {
      const m = predictor.models.indexOf(model);
      if (m < 0) return [];
      return [
        { model, expectedUsd, pCorrect: pCorrect[m] as number, decisionScore: decisionScore[m] as number },
      ];
    });
    const choice = choose(known, unwrap(resolveRule(predictor, rule)));
    return choice.ok ? choice.value.chosen.model : undefined;
  };
}

/** The unit vector of an embedding that was kept as int8. */
function direction(base64: string, { encoder }: Predictor): Float32Array {
  const values = Float32Array.from(new Int8Array(Buffer.from(base64, "base64")));
  if (values.length !== encoder.dimension) {
    throw new CommandFailure({
      code: "log_damaged",
      message: "a row of the table `feedback` is damaged: embedding",
    });
  }
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
