import { type ComponentChild, h } from "preact";
import { Table } from "../shell/table.ts";
import type { TaskPrompt } from "./parse-prompts.ts";

interface Props {
  readonly prompts: readonly TaskPrompt[];
  readonly labeledModels: readonly string[];
  /** Models that could be labeled too. */
  readonly otherModels: readonly string[];
  readonly onTurn: (prompt: string, model: string) => void;
  readonly onAddModel: (model: string) => void;
}

/** Prompts against models: press a cell to say whether the model was right. */
export function Labels({ prompts, labeledModels, otherModels, onTurn, onAddModel }: Props): ComponentChild {
  return h(
    "div",
    { class: "labels" },
    h(
      "div",
      { class: "view-head" },
      h("h3", { id: "labels-title" }, "Labels"),
      h(
        "div",
        { class: "field" },
        h("label", { for: "label-model", class: "visually-hidden" }, "Label another model"),
        h(
          "select",
          {
            id: "label-model",
            value: "",
            onChange: (event: Event) => onAddModel((event.currentTarget as HTMLSelectElement).value),
          },
          h("option", { value: "" }, "Label another model…"),
          otherModels.map((model) => h("option", { key: model, value: model }, model)),
        ),
      ),
    ),
    h("p", { class: "note" }, "Know some answers already? Press a cell: right, wrong, not known."),
    h(Table, {
      titledBy: "labels-title",
      head: [
        h("th", { scope: "col" }, "Prompt"),
        labeledModels.map((model) => h("th", { key: model, scope: "col", class: "label-head" }, model)),
      ],
      rows: prompts.map((prompt, index) =>
        h(
          "tr",
          { key: index },
          h("th", { scope: "row", class: "label-prompt", title: prompt.prompt }, prompt.prompt),
          labeledModels.map((model) =>
            h(
              "td",
              { key: model, class: "label-cell" },
              cell(prompt.outcomes[model], `${model} on prompt ${index + 1}`, () =>
                onTurn(prompt.prompt, model),
              ),
            ),
          ),
        ),
      ),
    }),
  );
}

function cell(score: number | undefined, name: string, onClick: () => void): ComponentChild {
  const state = score === undefined ? "none" : score >= 0.5 ? "right" : "wrong";
  const text = { none: "·", right: "✓ right", wrong: "✗ wrong" }[state];
  const label = `${name}: ${state === "none" ? "not known" : state}`;
  return h(
    "button",
    { type: "button", class: `label-button label-${state}`, "aria-label": label, onClick },
    text,
  );
}
