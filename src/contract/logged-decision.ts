import * as v from "valibot";
import type { Decision } from "../core/decide.ts";
import type { RequestedRule } from "../core/policy.ts";
import type { LoggedCandidate } from "../core/policy-value.ts";
import { fail, ok, type Result } from "../core/result.ts";

/**
 * The column `candidates` of the table `decisions`: `[[model, p, usd], ...]`, with a fourth element 1 where the decision
 * could have drawn it at random. Rounded, since a row with sixty of them takes 2 KB.
 */
const candidatesSchema = v.array(
  v.union([
    v.strictTuple([v.string(), v.number(), v.number()]),
    v.strictTuple([v.string(), v.number(), v.number(), v.literal(1)]),
  ]),
);

/** What is logged of a decision's candidates, so that the value of other choices can be told later. */
export function writeLoggedCandidates({
  ranking,
  exploration,
}: Pick<Decision, "ranking" | "exploration">): string {
  return JSON.stringify(
    ranking.map(({ model, pCorrect, expectedUsd }) => [
      model,
      Number(pCorrect.toFixed(4)),
      Number(expectedUsd.toPrecision(4)),
      ...(exploration?.among.includes(model) ? [1] : []),
    ]),
  );
}

/** Reads what was logged. */
export function parseLoggedCandidates(text: string): Result<readonly LoggedCandidate[], "log_damaged"> {
  const candidates = read(text, candidatesSchema, "candidates");
  if (!candidates.ok) return candidates;
  return ok(
    candidates.value.map(([model, pCorrect, expectedUsd, drawable]) => ({
      model,
      pCorrect,
      expectedUsd,
      couldBeDrawn: drawable === 1,
    })),
  );
}

const ruleSchema = v.variant("kind", [
  v.object({ kind: v.literal("quality") }),
  v.object({ kind: v.literal("tolerance"), tolerance: v.number() }),
  v.object({ kind: v.literal("min_p_correct"), minPCorrect: v.number() }),
  v.object({ kind: v.literal("lambda_usd"), lambdaUsd: v.number() }),
  v.object({ kind: v.literal("spend"), spend: v.number() }),
]) satisfies v.GenericSchema<RequestedRule>;

/** Reads the column `rule`. */
export function parseLoggedRule(text: string): Result<RequestedRule, "log_damaged"> {
  return read(text, ruleSchema, "rule");
}

function read<T>(text: string, schema: v.GenericSchema<T>, column: string): Result<T, "log_damaged"> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const parsed = v.safeParse(schema, json);
  return parsed.success
    ? ok(parsed.output)
    : fail("log_damaged", `a row of the table \`decisions\` is damaged: ${column}`, column);
}
