import { fail, ok, type Result } from "../core/result.ts";
import { type RouteOptions, routeOptionEntries, routeOptionsSchema, ruleFields } from "./options.ts";
import { parseWith } from "./parse.ts";

/** What a request's `model` says where Signalbox is to choose; all but the first are for clients that check names. */
export const autoNames: readonly string[] = ["auto", "claude-auto", "gpt-auto"];

/** How `model` is meant: to be chosen by Signalbox, or named by the caller. */
export type ModelChoice =
  | { readonly kind: "auto"; readonly options: RouteOptions }
  | { readonly kind: "named"; readonly name: string };

/**
 * Reads `auto`, `auto:spend=0.3` or a model's name.
 * @param given the request's own options, checked before
 */
export function readModelChoice(model: string, given: object): Result<ModelChoice, "invalid_request"> {
  const [name, suffix] = splitOnce(model, ":");
  if (!autoNames.includes(name)) return ok({ kind: "named", name: model });
  const suffixOptions = parseSuffix(suffix);
  if (!suffixOptions.ok) return suffixOptions;
  const options = parseWith(routeOptionsSchema, { ...suffixOptions.value, ...given }, "invalid_request");
  if (options.ok) return ok({ kind: "auto", options: options.value });
  // The body's own options were checked before, so what is wrong stands in the model's suffix.
  return fail("invalid_request", `\`model\`: ${options.failure.message}`, "model");
}

// What fits behind `auto:`, for clients that can set nothing but the model.
const suffixFields: readonly string[] = [
  ...Object.values(ruleFields).map(({ field }) => field),
  ...(["max_usd", "effort", "route_on", "task"] as const satisfies (keyof RouteOptions)[]),
];

// As people write numbers: what else `Number` takes, hexadecimal and blanks among it, nobody means.
const DECIMAL = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

function parseSuffix(suffix: string | undefined): Result<Record<string, string | number>, "invalid_request"> {
  const options: Record<string, string | number> = {};
  for (const pair of suffix === undefined ? [] : suffix.split(",")) {
    const [field, value] = splitOnce(pair, "=");
    if (!suffixFields.includes(field) || value === undefined || value === "") {
      const known = suffixFields.join(", ");
      return fail("invalid_request", `after \`auto:\` write name=value, with one of ${known}`, "model");
    }
    if (Object.hasOwn(options, field))
      return fail("invalid_request", `\`model\` gives ${field} twice`, "model");
    const isNumber = routeOptionEntries[field as keyof RouteOptions].wrapped.type === "number";
    if (isNumber && !DECIMAL.test(value))
      return fail("invalid_request", `\`model\`: ${field} must be a number such as 0.3`, "model");
    options[field] = isNumber ? Number(value) : value;
  }
  return ok(options);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
