import * as Plot from "@observablehq/plot";
import type { EvaluationReport } from "../report.ts";
import { draw, emphasisOf } from "./draw.ts";

/** Gain over the best single model of every router, with its 95 % interval. */
export function drawGains({ routers, protocol }: EvaluationReport): string {
  const rows = Object.entries(routers)
    .map(
      ([
        name,
        {
          gain,
          gain_ci95: [low, high],
        },
      ]) => ({ name, gain: 100 * gain, low: 100 * low, high: 100 * high }),
    )
    .sort((a, b) => b.gain - a.gain);
  // A router far below would squeeze the others: its bar runs out of the picture.
  const least = Math.max(Math.min(...rows.map(({ low }) => low)), -15);
  const most = Math.max(...rows.map(({ high }) => high), 1);
  const known = rows.filter(({ high }) => high >= least);
  return draw(
    `Gain of each router over the best ${protocol === "loto" ? "model on average" : "single model"}`,
    {
      height: 62 + 30 * rows.length,
      marginTop: 8,
      marginBottom: 44,
      marginLeft: 150,
      marginRight: 24,
      x: {
        label: "percentage points above the best single model →",
        domain: [least, most],
        grid: true,
        clamp: true,
      },
      y: { label: null, domain: rows.map(({ name }) => name), tickSize: 0 },
      marks: [
        Plot.ruleX([0], { stroke: "var(--ink)", strokeWidth: 1.2 }),
        Plot.link(known, {
          x1: "low",
          x2: "high",
          y1: "name",
          y2: "name",
          stroke: ({ name }: { name: string }) => emphasisOf(name),
          strokeWidth: 5,
          strokeOpacity: 0.35,
          strokeLinecap: "round",
        }),
        Plot.dot(known, {
          x: "gain",
          y: "name",
          fill: ({ name }: { name: string }) => emphasisOf(name),
          r: 5.5,
        }),
      ],
    },
  );
}
