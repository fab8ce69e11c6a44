import { type ComponentChild, h } from "preact";
import type { Model } from "../api/model.ts";
import { tokens } from "../format.ts";
import { filterFaults } from "./filter-faults.ts";
import { type Capability, capabilities, type Settings } from "./settings.ts";

interface Props {
  readonly id: string;
  readonly settings: Settings;
  readonly models: readonly Model[];
  readonly onChange: (settings: Settings) => void;
}

const contextSizes = [0, 16_000, 32_000, 128_000, 200_000, 1_000_000] as const;

/** Which models may be chosen at all. */
export function Filters({ id, settings, models, onChange }: Props): ComponentChild {
  const text = (field: "models" | "exclude" | "ceiling") => (event: Event) =>
    onChange({ ...settings, [field]: (event.currentTarget as HTMLInputElement).value });
  const toggle = (capability: Capability) => () => {
    const { require } = settings;
    const without = require.filter((other) => other !== capability);
    onChange({
      ...settings,
      require: require.length === without.length ? [...require, capability] : without,
    });
  };
  const faults = filterFaults(settings, models);
  const reached = models.filter(({ has_key }) => has_key).length;
  return h(
    "div",
    { class: "filter-grid" },
    h(
      "datalist",
      { id: `${id}-names` },
      models.filter(({ routed }) => routed).map((model) => h("option", { key: model.id, value: model.id })),
    ),
    field(
      `${id}-models`,
      "Only these",
      "Names or wildcards, such as gpt-4o* claude-*",
      {
        value: settings.models,
        list: `${id}-names`,
        placeholder: "all",
        onInput: text("models"),
      },
      faults.models,
    ),
    field(
      `${id}-exclude`,
      "Never these",
      "",
      {
        value: settings.exclude,
        list: `${id}-names`,
        placeholder: "none",
        onInput: text("exclude"),
      },
      faults.exclude,
    ),
    h(
      "fieldset",
      { class: "checks" },
      h("legend", null, "Must have"),
      capabilities.map((capability) =>
        h(
          "label",
          { key: capability },
          h("input", {
            type: "checkbox",
            checked: settings.require.includes(capability),
            onChange: toggle(capability),
          }),
          h("span", null, capability),
        ),
      ),
    ),
    h(
      "fieldset",
      { class: "checks" },
      h("legend", null, "For chat from here"),
      h(
        "label",
        null,
        h("input", {
          type: "checkbox",
          checked: settings.withKey,
          disabled: reached === 0 && !settings.withKey,
          onChange: () => onChange({ ...settings, withKey: !settings.withKey }),
        }),
        h("span", null, "with a key"),
      ),
      h(
        "p",
        { class: "note" },
        reached === 0 ? "No provider has a key here." : `${reached} of ${models.length} models have one.`,
      ),
    ),
    h(
      "div",
      { class: "field" },
      h("label", { for: `${id}-context` }, "Context of at least"),
      h(
        "select",
        {
          id: `${id}-context`,
          value: String(settings.contextTokens),
          onChange: (event: Event) =>
            onChange({
              ...settings,
              contextTokens: Number((event.currentTarget as HTMLSelectElement).value),
            }),
        },
        contextSizes.map((size) =>
          h("option", { key: size, value: String(size) }, size === 0 ? "any" : `${tokens(size)} tokens`),
        ),
      ),
    ),
    field(
      `${id}-ceiling`,
      "At most, USD per 1,000",
      "",
      {
        value: settings.ceiling,
        inputMode: "decimal",
        placeholder: "no ceiling",
        onInput: text("ceiling"),
      },
      faults.ceiling,
    ),
  );
}

function field(
  id: string,
  label: string,
  hint: string,
  input: Record<string, unknown>,
  fault: string | undefined,
): ComponentChild {
  const told = fault ?? hint;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h("input", {
      id,
      type: "text",
      autocomplete: "off",
      spellcheck: false,
      "aria-invalid": fault === undefined ? undefined : "true",
      ...(told === "" ? {} : { "aria-describedby": `${id}-hint` }),
      ...input,
    }),
    told !== "" &&
      h(
        "p",
        { id: `${id}-hint`, class: fault === undefined ? "note" : "note field-fault", role: "status" },
        told,
      ),
  );
}
