import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { RouteRequestInput } from "../../client/index.ts";
import type { Answers } from "../api/questions.ts";
import { useCall } from "../api/use-call.ts";
import { percent, usdPerThousand } from "../format.ts";
import { type Rule, rules } from "./rules.ts";
import { type Settings, toOptions } from "./settings.ts";

type Dial = NonNullable<Rule["dial"]>;

interface Props {
  readonly settings: Settings;
  /** What is routed on, without the options. */
  readonly request: RouteRequestInput;
  /** Models that chat can't be sent to. */
  readonly withoutKey: readonly string[];
  readonly apiKey: string;
  readonly onChange: (settings: Settings) => void;
}

/** Values of the dial that are tried, both ends included: one batch. */
const STOPS = 21;
const DEBOUNCE_MS = 500;

/** What the dial would choose elsewhere, for the same prompt; asked only once it is opened. */
export function DialStops({ settings, request, withoutKey, apiKey, onChange }: Props): ComponentChild {
  const [isOpen, setOpen] = useState(false);
  const { dial } = rules[settings.rule];
  const values = dial === undefined ? [] : stopsOf(dial);
  const { value, fault, pending } = useCall("batch", {
    apiKey,
    // The dial's own value is in no body, so that moving it asks nothing anew.
    body: values.map((stop) => ({
      ...request,
      ...toOptions(dial === undefined ? settings : { ...settings, [dial.field]: stop }, withoutKey),
    })),
    // One body a stop: not written out before somebody wants it.
    enabled: isOpen && dial !== undefined,
    debounceMs: DEBOUNCE_MS,
  });
  if (dial === undefined) return null;
  const runs = value === undefined ? [] : runsOf(values, value);
  return h(
    "details",
    { class: "stops", onToggle: (event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open) },
    h("summary", null, "Along the dial"),
    fault !== undefined && h("p", { class: "note", role: "alert" }, fault.message),
    pending && value === undefined && h("p", { class: "note" }, "Asking…"),
    h(
      "ul",
      { "aria-label": "What the dial chooses" },
      runs.map((run) => h(Stop, { key: run.from, run, dial, settings, onChange })),
    ),
  );
}

/** Neighboring stops that choose the same model. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly model: string;
  readonly pCorrect: number;
  readonly usd: number;
}

function stopsOf({ maximum }: Dial): readonly number[] {
  return Array.from({ length: STOPS }, (_, index) => Number(((maximum * index) / (STOPS - 1)).toFixed(4)));
}

function runsOf(values: readonly number[], answers: Answers["batch"]): readonly Run[] {
  const runs: Run[] = [];
  answers.forEach((answer, index) => {
    if (!("model" in answer)) return;
    const at = values[index] as number;
    const last = runs.at(-1);
    if (last?.model === answer.model) runs[runs.length - 1] = { ...last, to: at };
    else {
      const { model, p_correct, expected_usd } = answer;
      runs.push({ from: at, to: at, model, pCorrect: p_correct, usd: expected_usd });
    }
  });
  return runs;
}

interface StopProps {
  readonly run: Run;
  readonly dial: Dial;
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

function Stop({ run, dial, settings, onChange }: StopProps): ComponentChild {
  const { from, to, model, pCorrect, usd } = run;
  const isHere = settings[dial.field] >= from && settings[dial.field] <= to;
  return h(
    "li",
    null,
    h(
      "button",
      {
        type: "button",
        class: "stop",
        "aria-current": isHere ? "true" : undefined,
        onClick: () => onChange({ ...settings, [dial.field]: from }),
      },
      h(
        "span",
        { class: "stop-range" },
        from === to ? dial.show(from) : `${dial.show(from)} – ${dial.show(to)}`,
      ),
      h("span", { class: "stop-model" }, model),
      h("span", { class: "stop-figures" }, `${percent(pCorrect)} for ${usdPerThousand(usd)}`),
    ),
  );
}
