import * as v from "valibot";
import type { RequestedRule } from "../core/policy.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { atLeast, effortName, positive, positiveCount, taskName, unitInterval } from "./fields.ts";

const modelPatterns = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(200, "is too long"))),
  v.minLength(1, "must hold at least one name or wildcard; leave it out to allow all"),
  v.maxLength(256, "must hold at most 256 names"),
);

interface RuleField {
  /** Its field in requests. */
  readonly field: string;
  readonly schema: v.GenericSchema<number | string>;
  readonly of: (value: never) => RequestedRule;
  /** What stands for its value in a command. */
  readonly value: "quality" | "share" | "p" | "usd";
  /** What it chooses, for people. */
  readonly chooses: string;
}

/**
 * The choice rules, of which a request may give one: each says alone how the model is chosen. Options of the command
 * line, what fits behind `auto:` in the model of a chat, and the schemas follow this table.
 */
export const ruleFields = {
  quality: {
    field: "objective",
    schema: v.literal("quality"),
    of: () => ({ kind: "quality" }),
    value: "quality",
    chooses: "the most likely to be right",
  },
  spend: {
    field: "spend",
    schema: unitInterval,
    of: (spend: number) => ({ kind: "spend", spend }),
    value: "share",
    chooses: "0 cheapest to 1 best, calibrated on benchmark traffic",
  },
  tolerance: {
    field: "tolerance",
    schema: unitInterval,
    of: (tolerance: number) => ({ kind: "tolerance", tolerance }),
    value: "p",
    chooses: "the cheapest within this of the best",
  },
  min_p_correct: {
    field: "min_p_correct",
    schema: unitInterval,
    of: (minPCorrect: number) => ({ kind: "min_p_correct", minPCorrect }),
    value: "p",
    chooses: "the cheapest with at least this probability",
  },
  lambda_usd: {
    field: "lambda_usd",
    schema: positive,
    of: (lambdaUsd: number) => ({ kind: "lambda_usd", lambdaUsd }),
    value: "usd",
    chooses: "what one correct answer is worth",
  },
} as const satisfies Record<RequestedRule["kind"], RuleField>;

type RuleFields = typeof ruleFields;
type RuleFieldName = RuleFields[keyof RuleFields]["field"];
type RuleEntries = {
  [K in keyof RuleFields as RuleFields[K]["field"]]: v.OptionalSchema<RuleFields[K]["schema"], undefined>;
};

const ruleEntries = Object.fromEntries(
  Object.values(ruleFields).map(({ field, schema }) => [field, v.optional(schema as v.GenericSchema)]),
) as unknown as RuleEntries;

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
  ...ruleEntries,
  max_usd: v.optional(atLeast(0)),
  /** How much is to be thought, where the choice of the model is left to the router. */
  effort: v.optional(effortName),
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

/** The one choice rule of a request; quality where it gives none. `max_usd` is a filter and goes with any rule. */
export function choiceRule(
  options: Pick<RouteOptions, RuleFieldName>,
): Result<RequestedRule, "conflicting_rules"> {
  const given = Object.values(ruleFields).filter(({ field }) => options[field] !== undefined);
  if (given.length > 1) {
    const named = given.map(({ field }) => `\`${field}\``).join(" and ");
    return fail("conflicting_rules", `${named} each say how to choose; give one of them`, given[1]?.field);
  }
  const [rule] = given;
  return ok(rule === undefined ? { kind: "quality" } : rule.of(options[rule.field] as never));
}
