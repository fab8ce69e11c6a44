import { type ComponentChild, h } from "preact";
import type { Model } from "../api/model.ts";
import { filterFaults } from "./filter-faults.ts";
import { Filters } from "./filters.ts";
import { type Rule, type RuleKind, rules } from "./rules.ts";
import { countFilters, type Settings } from "./settings.ts";

interface Props {
  /** Tells the fields of two forms apart. */
  readonly id: string;
  readonly title: string;
  readonly settings: Settings;
  readonly models: readonly Model[];
  /** Shown below the dial. */
  readonly stops?: ComponentChild;
  readonly onChange: (settings: Settings) => void;
}

/** The controls of one setting: how to choose, and among which models. */
export function SettingsForm({ id, title, settings, models, stops, onChange }: Props): ComponentChild {
  const rule = rules[settings.rule];
  const filters = countFilters(settings);
  const isFaulty = Object.keys(filterFaults(settings, models)).length > 0;
  return h(
    "form",
    { class: "settings", "aria-label": title, onSubmit: (event: Event) => event.preventDefault() },
    h(
      "fieldset",
      { class: "segments" },
      h("legend", null, title),
      Object.entries(rules).map(([kind, { label }]) =>
        h(
          "label",
          { key: kind },
          h("input", {
            type: "radio",
            name: `${id}-rule`,
            value: kind,
            checked: settings.rule === kind,
            onChange: () => onChange({ ...settings, rule: kind as RuleKind }),
          }),
          h("span", null, label),
        ),
      ),
    ),
    h("p", { class: "note" }, rule.hint),
    rule.dial !== undefined && h(Dial, { id: `${id}-dial`, dial: rule.dial, settings, onChange }),
    stops,
    h(
      "details",
      { class: "filters" },
      h(
        "summary",
        null,
        "Filters",
        filters > 0 && h("span", { class: "tag" }, `${filters} set`),
        // Also where the group is closed, since a link may bring them.
        isFaulty && h("span", { class: "tag tag-fault" }, "not all make sense"),
      ),
      h(Filters, { id, settings, models, onChange }),
    ),
  );
}

interface DialProps {
  readonly id: string;
  readonly dial: NonNullable<Rule["dial"]>;
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

function Dial({ id, dial, settings, onChange }: DialProps): ComponentChild {
  const value = settings[dial.field];
  return h(
    "div",
    { class: "dial" },
    h(
      "div",
      { class: "dial-head" },
      h("label", { for: id }, dial.label),
      h("span", { class: "dial-value", "aria-hidden": "true" }, dial.show(value)),
    ),
    h("input", {
      id,
      type: "range",
      min: 0,
      max: dial.maximum,
      step: dial.step,
      value,
      "aria-valuetext": dial.show(value),
      style: { "--share": value / dial.maximum },
      onInput: (event: Event) =>
        onChange({ ...settings, [dial.field]: Number((event.currentTarget as HTMLInputElement).value) }),
    }),
    h(
      "div",
      { class: "dial-ends", "aria-hidden": "true" },
      h("span", null, dial.low),
      h("span", null, dial.high),
    ),
  );
}
