import * as Plot from "@observablehq/plot";
import type { EvaluationReport } from "../report.ts";
import { draw, SERVED } from "./draw.ts";

/** As many as fit side by side. */
const PANELS = 3;

/** Predicted against observed probability, the served router first. */
export function drawReliability({ routers }: EvaluationReport): string {
  const names = [SERVED, "knn-5", "matrix-factorization", "knn-50", ...Object.keys(routers)]
    .filter((name, k, all) => routers[name]?.reliability !== undefined && all.indexOf(name) === k)
    .slice(0, PANELS);
  const points = names.flatMap((name) => (routers[name]?.reliability ?? []).map((bin) => ({ name, ...bin })));
  const diagonal = names.flatMap((name) => [0, 1].map((p) => ({ name, predicted: p, observed: p })));
  return draw("Reliability: predicted against observed probability", {
    height: 300,
    marginTop: 44,
    marginBottom: 42,
    fx: { domain: names, label: null, padding: 0.14 },
    x: { label: "predicted probability →", domain: [0, 1], ticks: 3 },
    y: { label: "↑ observed share correct", domain: [0, 1], grid: true, ticks: 5 },
    r: { range: [1.5, 8] },
    marks: [
      Plot.line(diagonal, {
        fx: "name",
        x: "predicted",
        y: "observed",
        stroke: "var(--ink)",
        strokeDasharray: "3,4",
      }),
      Plot.line(points, {
        fx: "name",
        x: "predicted",
        y: "observed",
        stroke: "var(--accent)",
        strokeWidth: 2,
      }),
      Plot.dot(points, {
        fx: "name",
        x: "predicted",
        y: "observed",
        r: "count",
        fill: "var(--accent)",
        fillOpacity: 0.6,
      }),
    ],
  });
}
