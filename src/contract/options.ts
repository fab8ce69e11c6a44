import * as v from "valibot";
import type { ChoiceRule } from "../core/policy.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { atLeast, positive, positiveCount, taskName, unitInterval } from "./fields.ts";

const modelPatterns = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(200, "is too long"))),
  v.minLength(1, "must hold at least one name or wildcard; leave it out to allow all"),
  v.maxLength(256, "must hold at most 256 names"),
);

/** How a model is chosen: the fields that /v1/route, its batch form and chat completions share. */
export const routeOptionEntries = {
  models: v.optional(modelPatterns),
  exclude: v.optional(modelPatterns),
  require: v.optional(
    v.strictObject({
      context_tokens: v.optional(positiveCount),
      vision: v.optional(v.boolean()),
      tools: v.optional(v.boolean()),
      json: v.optional(v.boolean()),
      reasoning: v.optional(v.boolean()),
      files: v.optional(v.boolean()),
      audio: v.optional(v.boolean()),
    }),
  ),
  objective: v.optional(v.literal("quality")),
  spend: v.optional(unitInterval),
  tolerance: v.optional(unitInterval),
  min_p_correct: v.optional(unitInterval),
  lambda_usd: v.optional(positive),
  max_usd: v.optional(atLeast(0)),
  current_model: v.optional(v.string()),
  route_on: v.optional(v.picklist(["first", "last", "all"]), "first"),
  task: v.optional(taskName),
  session: v.optional(
    v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(200, "is too long")),
  ),
  explain: v.optional(v.boolean(), false),
};

export const routeOptionsSchema = v.strictObject(routeOptionEntries);
export type RouteOptions = v.InferOutput<typeof routeOptionsSchema>;

export type RequestedRule = ChoiceRule | { readonly kind: "spend"; readonly spend: number };

/** Fields of which at most one may be given: each says alone how the model is chosen. */
const choiceRuleFields = ["objective", "spend", "tolerance", "min_p_correct", "lambda_usd"] as const;

/** The one choice rule of a request; quality where it gives none. `max_usd` is a filter and goes with any rule. */
export function choiceRule(
  options: Pick<RouteOptions, (typeof choiceRuleFields)[number]>,
): Result<RequestedRule, "conflicting_rules"> {
  const given = choiceRuleFields.filter((field) => options[field] !== undefined);
  if (given.length > 1) {
    const named = given.map((field) => `\`${field}\``).join(" and ");
    return fail("conflicting_rules", `${named} each say how to choose; give one of them`, given[1] as string);
  }
  const { spend, tolerance, min_p_correct, lambda_usd } = options;
  if (spend !== undefined) return ok({ kind: "spend", spend });
  if (tolerance !== undefined) return ok({ kind: "tolerance", tolerance });
  if (min_p_correct !== undefined) return ok({ kind: "min_p_correct", minPCorrect: min_p_correct });
  if (lambda_usd !== undefined) return ok({ kind: "lambda_usd", lambdaUsd: lambda_usd });
  return ok({ kind: "quality" });
}
