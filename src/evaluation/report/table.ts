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
    ["random", digits(anchors.random), digits(macro.random)],
    ["best single", digits(anchors.best_single), digits(macro.best_single)],
    ...Object.entries(report.routers)
      .sort(([, a], [, b]) => b.score - a.score)
      .map(([name, router]) => routerRow(name, router)),
    ["best per task", digits(anchors.best_per_task), digits(macro.best_per_task)],
    ["oracle", digits(anchors.oracle), digits(macro.oracle)],
  ];
  const widths = (rows[0] as string[]).map((_, k) => Math.max(...rows.map((cells) => cells[k]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, k) => (k === 0 ? cell.padEnd(widths[k] as number) : cell.padStart(widths[k] as number)))
      .join("  "),
  );
  const title =
    `${report.suite}, ${report.protocol}: ${report.prompts.toLocaleString("en-US")} prompts, ` +
    `${report.models.length} models, ${report.tasks.length} tasks`;
  return `${title}\n\n${lines.join("\n")}\n`;
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
    digits(router.score),
    digits(router.score_macro),
    signed(router.gain),
    `${signed(router.gain_ci95[0])} ${signed(router.gain_ci95[1])}`,
    percent(router.headroom),
    digits(router.auc),
    digits(router.auc_within_models),
    digits(router.brier),
    digits(router.ece),
    digits(router.shuffled),
    ...(calls ? [digits(calls.apgr), percent(calls.cpt50), percent(calls.cpt80)] : []),
    ...(cost
      ? [
          (1000 * (router.mean_usd ?? Number.NaN)).toFixed(3),
          percent(cost.savingAtParity),
          percent(cost.savingWithin02),
        ]
      : []),
  ];
}

function digits(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "–" : value.toFixed(4).replace(/^(-?)0\./, "$1.");
}

function signed(value: number): string {
  return Number.isNaN(value) ? "–" : `${value < 0 ? "" : "+"}${digits(value)}`;
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${Math.round(100 * value)} %` : "–";
}
