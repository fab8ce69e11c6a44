import { type ComponentChild, h } from "preact";
import type { Traffic as Counts } from "../../contract/traffic.ts";
import { percent } from "../format.ts";
import { Table } from "../shell/table.ts";

/** Which models were chosen, where the Worker records that. */
export function Traffic({ traffic }: { readonly traffic: Counts }): ComponentChild {
  const { recorded, days, data } = traffic;
  const total = data.reduce((sum, { decisions }) => sum + decisions, 0);
  return h(
    "section",
    { class: "traffic" },
    h("div", { class: "view-head" }, h("h2", { id: "traffic-title" }, "Traffic by model")),
    !recorded
      ? h(
          "p",
          { class: "note" },
          "Not recorded: the variable ",
          h("code", null, "DECISION_LOG"),
          " is not set.",
        )
      : total === 0
        ? h("p", { class: "note" }, `No decision in the last ${days} days.`)
        : [
            h(ModelCounts, { data, total }),
            h("p", { class: "note" }, `${total} decisions in the last ${days} days.`),
          ],
  );
}

interface CountsProps {
  readonly data: Counts["data"];
  readonly total: number;
}

function ModelCounts({ data, total }: CountsProps): ComponentChild {
  return h(Table, {
    titledBy: "traffic-title",
    head: [
      h("th", { scope: "col" }, "Model"),
      ["Decisions", "Share", "Expected cost"].map((text) =>
        h("th", { key: text, scope: "col", class: "number" }, text),
      ),
    ],
    rows: data.map(({ model, decisions, expected_usd }) =>
      h(
        "tr",
        { key: model },
        h("th", { scope: "row" }, model),
        [String(decisions), percent(decisions / total), `$${expected_usd.toPrecision(3)}`].map(
          (text, index) => h("td", { key: index, class: "number" }, text),
        ),
      ),
    ),
  });
}
