import type { ruleFields } from "../../contract/options.ts";
import { percent, points } from "../format.ts";

/** The rules of the API that people set by hand; what an answer is worth is for programs. */
export type RuleKind = Exclude<keyof typeof ruleFields, "lambda_usd">;

/** One way to choose a model, and the dial that goes with it. */
export interface Rule {
  readonly label: string;
  readonly hint: string;
  readonly dial?: {
    readonly field: "spend" | "tolerance" | "minPCorrect";
    readonly label: string;
    readonly low: string;
    readonly high: string;
    readonly maximum: number;
    readonly step: number;
    readonly show: (value: number) => string;
  };
}

/** The choice rules of the API, in the order in which people ask for them. */
export const rules: Readonly<Record<RuleKind, Rule>> = {
  spend: {
    label: "Spend",
    hint: "Weigh correctness against cost.",
    dial: {
      field: "spend",
      label: "Spend",
      low: "Save",
      high: "Best at any price",
      maximum: 1,
      step: 0.01,
      show: (value) => value.toFixed(2),
    },
  },
  tolerance: {
    label: "Tolerance",
    hint: "The cheapest model that is nearly as good as the best.",
    dial: {
      field: "tolerance",
      label: "May fall behind the best by",
      low: "Nothing",
      high: "A lot",
      maximum: 0.3,
      step: 0.01,
      show: (value) => points(value),
    },
  },
  min_p_correct: {
    label: "Threshold",
    hint: "The cheapest model that is likely enough to be right.",
    dial: {
      field: "minPCorrect",
      label: "Must be right with at least",
      low: "Never mind",
      high: "Always",
      maximum: 1,
      step: 0.01,
      show: percent,
    },
  },
  quality: { label: "Quality", hint: "The model most likely to be right, whatever it costs." },
};
