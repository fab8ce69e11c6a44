import * as Plot from "@observablehq/plot";
import type { EvaluationReport } from "../report.ts";
import { draw, SERVED } from "./draw.ts";

/** A page of bars; beyond it the tasks where least is to be gained are left out. */
const MOST_TASKS = 30;

export interface TaskChart {
  readonly svg: string;
  readonly shown: number;
}

/** What there is to gain on each task (bar: best single model to the task's own best), and what the router takes. */
export function drawTasks({ routers, anchors_by_task: anchors, tasks }: EvaluationReport): TaskChart {
  const router = routers[SERVED] ?? Object.values(routers)[0];
  const rows = tasks
    .map((task) => ({
      task,
      single: 100 * anchors.best_single[task],
      own: 100 * anchors.best_per_task[task],
      routed: 100 * router?.score_by_task[task],
    }))
    .sort((a, b) => b.own - b.single - (a.own - a.single))
    .slice(0, MOST_TASKS);
  const better = (row: (typeof rows)[number]) => (row.routed >= row.single ? "var(--accent)" : "var(--warn)");
  const svg = draw("Headroom and routed score of each task", {
    height: 62 + 24 * rows.length,
    marginTop: 8,
    marginBottom: 44,
    marginLeft: Math.min(260, 30 + 7 * Math.max(...rows.map(({ task }) => task.length))),
    marginRight: 24,
    x: { label: "score (%) →", grid: true },
    y: { label: null, domain: rows.map(({ task }) => task), tickSize: 0 },
    marks: [
      Plot.link(rows, {
        x1: "single",
        x2: "own",
        y1: "task",
        y2: "task",
        stroke: "var(--muted)",
        strokeOpacity: 0.4,
        strokeWidth: 9,
      }),
      Plot.tickX(rows, { x: "single", y: "task", stroke: "var(--ink)", strokeWidth: 2, inset: 3 }),
      Plot.dot(rows, { x: "routed", y: "task", fill: better, r: 5 }),
    ],
  });
  return { svg, shown: rows.length };
}
