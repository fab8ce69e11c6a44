import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { RouteTaskResponse } from "../../client/index.ts";
import { csvFile, save } from "../chart/save.ts";
import { percent } from "../format.ts";
import { Table } from "../shell/table.ts";

type Candidate = RouteTaskResponse["ranking"][number];

const FIRST_ROWS = 10;

/** The scores of a model, in the order in which they are shown; each is a dot and a column, extra ones on wide screens only. */
const kinds = [
  { field: "s1", title: "S1", isExtra: false, meaning: "S1, mean chance of being right" },
  { field: "s2", title: "S2", isExtra: true, meaning: "S2, share of prompts that it likely gets right" },
  { field: "s3", title: "S3", isExtra: true, meaning: "S3, S2 as far as such verdicts hold" },
  { field: "posterior", title: "Expected", isExtra: false, meaning: "expected score, with your labels" },
] as const;
type Kind = (typeof kinds)[number];

interface Props {
  readonly ranking: readonly Candidate[];
  readonly chosen: string;
}

/** The scores of every model, as dots on one line and as numbers. */
export function Scores({ ranking, chosen }: Props): ComponentChild {
  const [all, setAll] = useState(false);
  // Not every bundle knows how often its verdicts hold.
  const shownKinds = kinds.filter(({ field }) => ranking.some((candidate) => candidate[field] !== null));
  const hasLabels = ranking.some(({ labels }) => labels > 0);
  // The chosen one may stand far below where another score than the expected one decided.
  const shown = ranking.filter(({ model }, index) => all || index < FIRST_ROWS || model === chosen);
  const low = lowerEnd(shown, shownKinds);
  return h(
    "div",
    { class: "scores" },
    h("h3", { id: "scores-title" }, "Expected score by model"),
    h(
      "p",
      { class: "legend" },
      shownKinds.map(({ field, meaning, isExtra }) =>
        h(
          "span",
          { key: field, class: isExtra ? "wide-only" : "" },
          h("i", { class: `key key-${field}` }),
          meaning,
        ),
      ),
    ),
    h(Table, {
      titledBy: "scores-title",
      head: [
        h("th", { scope: "col" }, "Model"),
        h(
          "th",
          { scope: "col", class: "wide-only" },
          h("span", { class: "visually-hidden" }, "Dots"),
          h(
            "span",
            { class: "dots-scale", "aria-hidden": "true" },
            h("span", null, percent(low)),
            h("span", null, "100%"),
          ),
        ),
        shownKinds.map(({ title, isExtra }) =>
          h("th", { key: title, scope: "col", class: isExtra ? "number wide-only" : "number" }, title),
        ),
        hasLabels && h("th", { scope: "col", class: "number wide-only" }, "Labels"),
      ],
      rows: shown.map((candidate) =>
        h(ScoreRow, {
          key: candidate.model,
          candidate,
          kinds: shownKinds,
          low,
          hasLabels,
          isChosen: candidate.model === chosen,
        }),
      ),
    }),
    ranking.length > FIRST_ROWS &&
      h(
        "button",
        { type: "button", class: "quiet", "aria-expanded": all, onClick: () => setAll(!all) },
        all ? `Only the first ${FIRST_ROWS}` : `All ${ranking.length}`,
      ),
    h("button", { type: "button", class: "quiet", onClick: () => saveScores(ranking) }, "Save as CSV"),
  );
}

function saveScores(ranking: readonly Candidate[]): void {
  const header = ["model", ...kinds.map(({ field }) => field), "labels"];
  const rows = ranking.map((candidate) => [
    candidate.model,
    ...kinds.map(({ field }) => candidate[field]),
    candidate.labels,
  ]);
  save("signalbox-task.csv", "text/csv", csvFile(header, rows));
}

interface ScoreRowProps {
  readonly candidate: Candidate;
  readonly kinds: readonly Kind[];
  /** Where the line of dots begins. */
  readonly low: number;
  readonly hasLabels: boolean;
  readonly isChosen: boolean;
}

function ScoreRow({ candidate, kinds, low, hasLabels, isChosen }: ScoreRowProps): ComponentChild {
  const { model, labels } = candidate;
  return h(
    "tr",
    { class: isChosen ? "row-chosen" : "" },
    h("th", { scope: "row" }, model, isChosen && h("span", { class: "tag tag-chosen" }, "use this")),
    h(
      "td",
      { class: "dots-cell wide-only" },
      h(
        "div",
        { class: "dots", "aria-hidden": "true" },
        kinds.map(({ field }) => dot(field, candidate[field], low)),
      ),
    ),
    kinds.map(({ field, isExtra }) => {
      const share = candidate[field];
      return h(
        "td",
        { key: field, class: isExtra ? "number wide-only" : "number" },
        share === null ? "–" : percent(share),
      );
    }),
    hasLabels && h("td", { class: "number wide-only" }, labels === 0 ? "–" : labels),
  );
}

function dot(kind: Kind["field"], share: number | null, low: number): ComponentChild {
  if (share === null) return null;
  const left = `${((share - low) / (1 - low)) * 100}%`;
  return h("i", { key: kind, class: `dot dot-${kind}`, style: { left } });
}

/** The whole tenth below the lowest score that is shown: good models lie close together. */
function lowerEnd(ranking: readonly Candidate[], kinds: readonly Kind[]): number {
  const lowest = Math.min(...ranking.flatMap((candidate) => kinds.map(({ field }) => candidate[field] ?? 1)));
  return Math.min(0.9, Math.floor(lowest * 10) / 10);
}
