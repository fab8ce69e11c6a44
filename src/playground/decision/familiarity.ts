import { type ComponentChild, h } from "preact";
import type { RouteResponse } from "../../contract/route.ts";
import type { Model } from "../api/model.ts";
import { percent } from "../format.ts";

type Evidence = NonNullable<Model["evidence"]>;

const bands = [
  { least: 0.75, text: "Much like prompts that the router learned from: what it learned of them counts." },
  {
    least: 0.4,
    text: "Somewhat like prompts that the router learned from: the rest is each model's average.",
  },
  { least: 0, text: "Unlike what the router learned from: mostly each model's average decides." },
] as const;
const notEnough = "Not enough like prompts that the router learned from: each model's average decides.";

/** Below it, a model's results are too few to tell its own from its average's. */
const FEW_OUTCOMES = 300;

interface Props {
  readonly response: RouteResponse;
  readonly models: readonly Model[];
}

/** How much the prompt is like what the router learned from, and like which tasks. */
export function Familiarity({ response, models }: Props): ComponentChild {
  const { familiarity, explanation } = response;
  const evidence = models.find(({ id }) => id === response.model)?.evidence;
  // The Worker says itself where it went by averages alone.
  const isUnlike = explanation?.best_on_average === true;
  const band = bands.find(({ least }) => familiarity >= least);
  const share = Math.round(familiarity * 100);
  const tasks = explanation?.nearest_tasks.slice(0, 5) ?? [];
  return h(
    "section",
    { class: "panel", "aria-labelledby": "familiarity-title" },
    h("h3", { id: "familiarity-title" }, "Familiarity"),
    h(
      "div",
      { class: "gauge-row" },
      h(
        "div",
        {
          class: "gauge",
          role: "meter",
          "aria-labelledby": "familiarity-title",
          "aria-valuemin": 0,
          "aria-valuemax": 100,
          "aria-valuenow": share,
        },
        h("i", { style: { width: `${share}%` } }),
      ),
      h("b", null, percent(familiarity)),
    ),
    h("p", { class: "note" }, isUnlike && band?.least !== 0 ? notEnough : band?.text),
    h("p", { class: "note" }, "It says how alike the prompts are, not how sure the answer is."),
    evidence !== undefined && h("p", { class: "note" }, evidenceSentence(response.model, evidence)),
    tasks.length > 0 && h("h4", null, "Nearest benchmark tasks"),
    h(
      "ul",
      { class: "bars" },
      tasks.map(({ task, similarity }) =>
        h(
          "li",
          { key: task },
          h("span", { class: "bars-name" }, task),
          h("span", { class: "bars-value" }, similarity.toFixed(2)),
          h("i", { class: "bar", style: { width: `${Math.max(0, Math.min(1, similarity)) * 100}%` } }),
        ),
      ),
    ),
  );
}

/** Prompts may be well known of which the chosen model answered few. */
export function evidenceSentence(model: string, { outcomes, published, feedback }: Evidence): string {
  const graded = outcomes + feedback;
  const count = graded.toLocaleString("en-US");
  const also = published > 0 ? ` and ${published} published score${published === 1 ? "" : "s"}` : "";
  if (graded === 0)
    return `Of ${model} no graded answer is known, only${also.replace(" and", "")}: a rough guess.`;
  const few = graded < FEW_OUTCOMES ? ": few, so its figures are rough" : "";
  return `Of ${model} ${count} graded answers are known${also}${few}.`;
}
