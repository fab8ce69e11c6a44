import * as Plot from "@observablehq/plot";
import type { FewLabelsReport } from "../../task-level/few-labels.ts";
import type { PaperReport } from "../../task-level/paper.ts";
import { draw } from "./draw.ts";

interface Series {
  readonly name: string;
  readonly labels: readonly number[];
  readonly scores: readonly number[];
  readonly color: string;
}

/** Score on a new task by the number of its prompts that are labeled. */
export function drawFewLabels({ labels, curves, bma, best_per_task: best }: FewLabelsReport): string {
  const colors: Readonly<Record<string, string>> = {
    labels: "var(--ink-soft)",
    "landmark-heads jointly": "var(--accent)",
    "landmark-heads per prompt": "var(--second)",
    "landmark-heads": "var(--third)",
  };
  const series = Object.entries(curves)
    .filter(([name]) => colors[name] !== undefined)
    .map(([name, scores]) => ({ name, labels, scores, color: colors[name] as string }));
  return drawSeries("Score on a new task by number of labels", series, bma, best);
}

/** The paper's scores as labeled prompts of the new task move into training. */
export function drawAlphaSweep({ alpha_sweep: steps }: Pick<PaperReport, "alpha_sweep">): string {
  const rules = { s1: "var(--accent)", s2: "var(--second)", s3: "var(--third)" } as const;
  const series = Object.entries(rules).map(([rule, color]) => ({
    name: rule.toUpperCase(),
    labels: steps.map(({ labels }) => labels),
    scores: steps.map(({ scores }) => scores[rule as keyof typeof rules]),
    color,
  }));
  const [first] = steps;
  return drawSeries(
    "The paper's scores by number of labeled prompts in training",
    series,
    first?.scores.bma ?? Number.NaN,
    first?.scores.best_per_task ?? Number.NaN,
  );
}

function drawSeries(label: string, series: readonly Series[], bma: number, best: number): string {
  const points = series.flatMap(({ name, labels, scores, color }) =>
    labels.map((count, k) => ({ name, count, score: 100 * scores[k], color })),
  );
  const most = Math.max(...points.map(({ count }) => count));
  const anchors = [
    { name: "best model on average", score: 100 * bma },
    { name: "best model of each task", score: 100 * best },
  ];
  return draw(label, {
    height: 380,
    marginBottom: 42,
    marginRight: 24,
    x: { label: "labeled prompts of the new task →", domain: [0, most] },
    y: { label: "↑ mean score over tasks (%)", grid: true },
    color: {
      domain: series.map(({ name }) => name),
      range: series.map(({ color }) => color),
      legend: false,
    },
    marks: [
      Plot.ruleY(anchors, { y: "score", stroke: "var(--ink)", strokeDasharray: "3,4" }),
      Plot.text(anchors, {
        x: most,
        y: "score",
        text: "name",
        textAnchor: "end",
        dy: -9,
        stroke: "var(--card)",
        strokeWidth: 4,
        fill: "var(--ink-soft)",
        fontSize: 12,
      }),
      Plot.line(points, { x: "count", y: "score", z: "name", stroke: "name", strokeWidth: 2.5 }),
      Plot.dot(points, { x: "count", y: "score", fill: "name", r: 3 }),
    ],
  });
}
