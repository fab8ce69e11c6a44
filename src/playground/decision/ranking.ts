import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { Chosen } from "../chart/candidates-chart.ts";
import { frontierOf, type Point } from "../chart/frontier.ts";
import { percent, usdPerThousand } from "../format.ts";
import { Table } from "../shell/table.ts";

/** One candidate with its place in the ranking of each setting; undefined where the filters leave it out. */
export interface Row extends Point {
  readonly ranks: readonly (number | undefined)[];
  readonly outputTokens: number | null;
}

interface Props {
  readonly rows: readonly Row[];
  readonly chosen: readonly Chosen[];
  readonly marked: string | undefined;
  readonly onMark: (model: string | undefined) => void;
}

type Column = "rank" | "pCorrect" | "usd";
const FIRST_ROWS = 10;

/** All candidates in the order of the rule: the chart's table, and more exact. */
export function Ranking({ rows, chosen, marked, onMark }: Props): ComponentChild {
  const [column, setColumn] = useState<Column>("rank");
  const [all, setAll] = useState(false);
  const frontier = new Set(frontierOf(rows).map(({ model }) => model));
  const sorted = column === "rank" ? rows : [...rows].sort(compare[column]);
  const shown = all ? sorted : sorted.slice(0, FIRST_ROWS);
  const names = chosen.length > 1 ? chosen.map(({ name }) => name) : ["Rank"];
  const heading = (key: Column, text: string, direction: "ascending" | "descending") =>
    h(
      "th",
      {
        scope: "col",
        class: key === "rank" ? "rank" : "number",
        "aria-sort": column === key ? direction : "none",
      },
      h("button", { type: "button", class: "sort", onClick: () => setColumn(key) }, text),
    );
  return h(
    "div",
    { class: "ranking" },
    h("h3", { id: "ranking-title" }, `Ranking of ${rows.length} candidates`),
    h(Table, {
      titledBy: "ranking-title",
      head: [
        heading("rank", names[0] as string, "ascending"),
        names[1] !== undefined && h("th", { scope: "col", class: "rank" }, names[1]),
        h("th", { scope: "col" }, "Model"),
        heading("pCorrect", "Right", "descending"),
        heading("usd", "USD per 1,000", "ascending"),
        h("th", { scope: "col", class: "number wide-only" }, "Answer tokens"),
      ],
      rows: shown.map((row) =>
        h(RankingRow, {
          key: row.model,
          row,
          chosen,
          isMarked: row.model === marked,
          isFrontier: frontier.has(row.model),
          onMark,
        }),
      ),
    }),
    rows.length > FIRST_ROWS &&
      h(
        "button",
        { type: "button", class: "quiet", "aria-expanded": all, onClick: () => setAll(!all) },
        all ? `Only the first ${FIRST_ROWS}` : `All ${rows.length}`,
      ),
  );
}

const compare: Readonly<Record<Exclude<Column, "rank">, (a: Row, b: Row) => number>> = {
  pCorrect: (a, b) => b.pCorrect - a.pCorrect || a.usd - b.usd,
  usd: (a, b) => a.usd - b.usd || b.pCorrect - a.pCorrect,
};

interface RowProps {
  readonly row: Row;
  readonly chosen: readonly Chosen[];
  readonly isMarked: boolean;
  readonly isFrontier: boolean;
  readonly onMark: (model: string | undefined) => void;
}

function RankingRow({ row, chosen, isMarked, isFrontier, onMark }: RowProps): ComponentChild {
  const by = chosen.filter(({ model }) => model === row.model);
  const state = by.length === 0 ? "" : by.every(({ name }) => name === "B") ? " row-b" : " row-chosen";
  return h(
    "tr",
    {
      class: `${isMarked ? "row-marked" : ""}${state}`,
      onPointerEnter: () => onMark(row.model),
      onPointerLeave: () => onMark(undefined),
    },
    row.ranks.map((rank, index) => h("td", { key: index, class: "rank" }, rank ?? "–")),
    h(
      "th",
      { scope: "row" },
      h(
        "button",
        {
          type: "button",
          class: "model-name",
          title: "Show in the chart",
          onFocus: () => onMark(row.model),
          onBlur: () => onMark(undefined),
        },
        row.model,
      ),
      by.length > 0 &&
        h("span", { class: "tag tag-chosen" }, by.length > 1 ? "both" : by[0]?.name || "chosen"),
      isFrontier && h("span", { class: "tag" }, "frontier"),
    ),
    h(
      "td",
      { class: "number" },
      h("i", { class: "inline-bar", "aria-hidden": "true", style: { width: `${row.pCorrect * 3.5}rem` } }),
      percent(row.pCorrect),
    ),
    h("td", { class: "number" }, usdPerThousand(row.usd)),
    h(
      "td",
      { class: "number wide-only" },
      row.outputTokens === null ? "–" : String(Math.round(row.outputTokens)),
    ),
  );
}
