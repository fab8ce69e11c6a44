import { type ExactJson, writeExactJson } from "../../contract/exact-json.ts";
import { fitTo, type RequestBody, refusedBy } from "../../core/accepts.ts";
import type { CatalogueModel } from "../../core/catalogue.ts";
import type { Target } from "./provider.ts";
import type { CallName } from "./surface.ts";

/**
 * What makes a model suit a request: it takes all parameters and roles, and writes an answer of that length. Where no
 * candidate does, the request is cut to what each takes.
 */
export function suitsRequest(
  call: CallName,
  body: RequestBody,
  answerTokens: number,
): readonly ((model: CatalogueModel) => boolean)[] {
  const asked = body["reasoning_effort"];
  return [
    // The caller's own effort would be sent to every variant: those of another say nothing about it.
    ({ variant }) => typeof asked !== "string" || variant === undefined || variant.effort === asked,
    ({ accepts }) => accepts === undefined || call !== "chat" || refusedBy(accepts, body) === undefined,
    ({ maxOutputTokens }) => maxOutputTokens >= answerTokens,
  ];
}

const LENGTH_PARAMETERS = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/**
 * The body as each target is sent it, without Signalbox's own options. Who left the choice to Signalbox can't know what
 * the model takes; what is for a model by name is sent on as it came.
 */
export function sendTo({ value, exact }: ExactJson, isAuto: boolean): (target: Target) => string {
  const { signalbox: _, ...asked } = exact as RequestBody;
  const tooLong = (limit: number) =>
    LENGTH_PARAMETERS.filter((name) => Number((value as RequestBody)[name]) > limit);
  return ({ upstream, call, accepts, maxOutputTokens, variantFields }) => {
    const whole = { ...asked, ...fieldsOn(call, variantFields), ...asked };
    if (!isAuto) return writeExactJson({ ...whole, model: upstream });
    const capped = Object.fromEntries(tooLong(maxOutputTokens).map((name) => [name, maxOutputTokens]));
    const body = { ...whole, ...capped };
    // What the catalogue says is of chat completions: other surfaces have other names.
    const fitted = accepts === undefined || call !== "chat" ? body : fitTo(accepts, body);
    return writeExactJson({ ...fitted, model: upstream });
  };
}

/** How much a variant thinks is said in other words on other surfaces. */
function fieldsOn(call: CallName, { reasoning_effort, ...others }: RequestBody): RequestBody {
  if (reasoning_effort === undefined) return others;
  if (call === "chat") return { reasoning_effort, ...others };
  return call === "responses" ? { reasoning: { effort: reasoning_effort }, ...others } : others;
}
