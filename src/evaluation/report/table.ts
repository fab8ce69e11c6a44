import { formatGain, formatPercent, formatScore } from "./numbers.ts";
import type { EvaluationReport, RouterReport } from "./report.ts";

/** A table for the terminal: one line a router, the best score first, anchors above. */
export function formatTable(report: EvaluationReport): string {
  const { anchors, anchors_macro: macro } = report;
  const rows: string[][] = [
    [
      "",
      "score",
      "macro",
      "gain",
      "95 % interval",
      "headroom",
      "AUC",
      "within models",
      "Brier",
      "ECE",
      "shuffled",
      ...extraTitles(report),
    ],
    ["random", formatScore(anchors.random), formatScore(macro.random)],
    ["best single", formatScore(anchors.best_single), formatScore(macro.best_single)],
    ...Object.entries(report.routers)
      .sort(([, a], [, b]) => b.score - a.score)
      .map(([name, router]) => routerRow(name, router)),
    ["best per task", formatScore(anchors.best_per_task), formatScore(macro.best_per_task)],
    ["oracle", formatScore(anchors.oracle), formatScore(macro.oracle)],
  ];
  const widths = (rows[0] as string[]).map((_, k) => Math.max(...rows.map((cells) => cells[k]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join("  "),
  );
  const title =
    `${report.suite}, ${report.protocol}: ${report.prompts.toLocaleString("en-US")} prompts, ` +
    `${report.models.length} models, ${report.tasks.length} tasks`;
  const verdict = (report.verdict?.sentences ?? []).map((sentence) => `${sentence}\n`).join("");
  return `${title}\n\n${verdict}\n${lines.join("\n")}\n`;
}

function extraTitles({ routers }: EvaluationReport): string[] {
  const [first] = Object.values(routers);
  return [
    ...(first?.calls ? ["APGR", "CPT 50 %", "CPT 80 %"] : []),
    ...(first?.cost ? ["USD/1k", "saving at parity", "within .02"] : []),
  ];
}

function routerRow(name: string, router: RouterReport): string[] {
  const { calls, cost } = router;
  return [
    name,
    formatScore(router.score),
    formatScore(router.score_macro),
    formatGain(router.gain),
    `${formatGain(router.gain_ci95[0])} ${formatGain(router.gain_ci95[1])}`,
    formatPercent(router.headroom),
    formatScore(router.auc),
    formatScore(router.auc_within_models),
    formatScore(router.brier),
    formatScore(router.ece),
    formatScore(router.shuffled),
    ...(calls ? [formatScore(calls.apgr), formatPercent(calls.cpt50), formatPercent(calls.cpt80)] : []),
    ...(cost
      ? [
          (1000 * (router.mean_usd ?? Number.NaN)).toFixed(3),
          formatPercent(cost.savingAtParity),
          formatPercent(cost.savingWithin02),
        ]
      : []),
  ];
}
