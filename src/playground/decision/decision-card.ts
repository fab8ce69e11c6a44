import { type ComponentChild, h } from "preact";
import type { RouteResponse } from "../../contract/route.ts";
import type { Called } from "../api/use-call.ts";
import { percent, usdPerThousand } from "../format.ts";
import type { Settings } from "../settings/settings.ts";
import { FaultNotice } from "../shell/fault-notice.ts";
import { alternativeSentence, keySentence, reasonSentence } from "./sentences.ts";

interface Props {
  readonly called: Called<RouteResponse>;
  readonly settings: Settings;
  /** "" where there is only one setting. */
  readonly name: "" | "A" | "B";
  /** Models that chat can't be sent to. */
  readonly withoutKey: readonly string[];
  readonly onKeyNeeded: () => void;
}

/** The decision itself: which model, why, and what that means in chances and money. */
export function DecisionCard({ called, settings, name, withoutKey, onKeyNeeded }: Props): ComponentChild {
  const { value, fault, pending, slow, retry } = called;
  return h(
    "section",
    {
      class: `decision${name === "B" ? " decision-b" : ""}${pending ? " is-pending" : ""}`,
      "aria-label": name === "" ? "Decision" : `Decision of setting ${name}`,
      "aria-busy": pending,
    },
    h("p", { class: "eyebrow" }, name === "" ? "Route to" : [h("b", { class: "badge" }, name), " routes to"]),
    fault !== undefined
      ? h(FaultNotice, { fault, onRetry: retry, onKeyNeeded })
      : value === undefined
        ? h("p", { class: "decision-empty" }, pending ? "Deciding…" : "Write a prompt, or pick an example.")
        : answer(value, settings, withoutKey),
    pending &&
      slow &&
      h("p", { class: "slow" }, "Still waiting: after a quiet time the Worker first loads its encoder."),
  );
}

function answer(
  response: RouteResponse,
  settings: Settings,
  withoutKey: readonly string[],
): ComponentChild[] {
  const alternative = alternativeSentence(response);
  return [
    h("h2", { class: "decision-model" }, response.model),
    h("p", { class: "decision-reason" }, reasonSentence(response, settings)),
    h(
      "dl",
      { class: "figures" },
      h("div", null, h("dt", null, "chance of being right"), h("dd", null, percent(response.p_correct))),
      h(
        "div",
        null,
        h("dt", null, "for 1,000 such prompts"),
        h("dd", null, usdPerThousand(response.expected_usd)),
      ),
    ),
    ...(withoutKey.includes(response.model)
      ? [h("p", { class: "note" }, keySentence(response, withoutKey))]
      : []),
    ...(alternative === undefined ? [] : [h("p", { class: "decision-alternative" }, alternative)]),
  ];
}
