import { newModelColumns, newModelRows } from "./new-model-rows.ts";
import { formatGain, formatPercent, formatScore } from "./numbers.ts";
import type { EvaluationReport } from "./report.ts";
import { wordsFirstColumns, wordsFirstRows } from "./words-first-rows.ts";

/** The figures of a report as Markdown tables, for documents. */
export function formatMarkdown(report: EvaluationReport): string {
  const { suite, protocol, prompts, models, tasks } = report;
  const unseen = report.protocol === "loto" ? report : report.loto;
  const parts = [
    `### ${suite}, ${protocol}: ${prompts.toLocaleString("en-US")} prompts, ${models.length} models, ${tasks.length} tasks`,
    report.verdict?.sentences.join(" "),
    routerTable(report),
    callTable(report),
    costTable(report),
    hiddenTable(report),
    newModelTable(report),
    wordsFirstTable(report),
    robustnessTable(report),
    report.loto === undefined ? undefined : `#### ${suite}, loto\n\n${routerTable(report.loto)}`,
    unseen === undefined ? undefined : labelTable(unseen),
    unseen === undefined ? undefined : paperTable(unseen),
  ];
  return `${parts.filter((part) => part !== undefined).join("\n\n")}\n`;
}

function routerTable({ routers, anchors, anchors_macro: macro }: EvaluationReport): string {
  const anchor = (name: keyof typeof anchors) => [
    name.replaceAll("_", " "),
    formatScore(anchors[name]),
    formatScore(macro[name]),
    ...Array<string>(7).fill(""),
  ];
  const rows = Object.entries(routers)
    .sort(([, a], [, b]) => b.score - a.score)
    .map(([name, router]) => [
      name,
      formatScore(router.score),
      formatScore(router.score_macro),
      formatGain(router.gain),
      interval(router.gain_ci95),
      formatPercent(router.headroom),
      formatScore(router.auc_within_models),
      formatScore(router.brier),
      formatScore(router.ece),
      formatScore(router.shuffled),
    ]);
  return table(
    [
      "router",
      "score",
      "mean of tasks",
      "gain",
      "95 % interval",
      "headroom",
      "AUC",
      "Brier",
      "ECE",
      "shuffled",
    ],
    [anchor("random"), anchor("best_single"), ...rows, anchor("best_per_task"), anchor("oracle")],
  );
}

function callTable({ routers }: EvaluationReport): string | undefined {
  const rows = Object.entries(routers).flatMap(([name, { calls }]) =>
    calls === undefined
      ? []
      : Object.entries({ all: calls, ...calls.by_benchmark }).map(([part, measures]) => [
          name,
          part,
          formatScore(measures.apgr),
          formatPercent(measures.cpt50),
          formatPercent(measures.cpt80),
        ]),
  );
  return rows.length === 0
    ? undefined
    : table(["router", "benchmark", "APGR", "CPT(50 %)", "CPT(80 %)"], rows);
}

function costTable({ routers }: EvaluationReport): string | undefined {
  const rows = Object.entries(routers).flatMap(([name, { cost }]) =>
    cost === undefined
      ? []
      : [
          [
            name,
            formatScore(cost.area),
            formatScore(cost.mixtureArea),
            formatPercent(cost.savingAtParity),
            formatPercent(cost.savingWithin02),
            formatScore(cost.qualityAtBestSingleUsd),
            formatGain(cost.worstAgainstMixture),
          ],
        ],
  );
  const head = [
    "router",
    "area",
    "area of mixtures",
    "saving at parity",
    "saving within .02",
    "quality at its price",
    "least above mixture",
  ];
  return rows.length === 0 ? undefined : table(head, rows);
}

function hiddenTable({ hidden_blocks: report }: EvaluationReport): string | undefined {
  if (report === undefined) return undefined;
  const rows = Object.entries(report.routers).map(([name, scores]) => [
    name,
    formatScore(scores.brier),
    formatScore(scores.ece),
    formatScore(scores.accuracy),
    formatScore(scores.auc_within_models),
  ]);
  return table([`${formatPercent(report.share)} of blocks hidden`, "Brier", "ECE", "accuracy", "AUC"], rows);
}

function newModelTable({ new_model: reports = [] }: EvaluationReport): string | undefined {
  return reports.length === 0
    ? undefined
    : table(["what is known of a new model", ...newModelColumns], newModelRows(reports));
}

function wordsFirstTable({ words_first: report }: EvaluationReport): string | undefined {
  return report === undefined
    ? undefined
    : table([`words first (prices ${report.prices})`, ...wordsFirstColumns], wordsFirstRows(report));
}

function robustnessTable({ robustness }: EvaluationReport): string | undefined {
  if (robustness === undefined) return undefined;
  const rows = Object.entries(robustness.perturbations).map(([name, scores]) => [
    name.replaceAll("_", " "),
    String(scores.prompts),
    `${(100 * scores.changed_decisions).toFixed(1)} %`,
    formatScore(scores.score_before),
    formatScore(scores.score_after),
  ]);
  return table(["change", "prompts", "decisions changed", "score before", "score after"], rows);
}

/** Three ways for each of nine routers would be a wall: the others are in the JSON document. */
const shownWays = ["landmark-heads", "nearest-centroid"];

function labelTable({ few_labels: report }: EvaluationReport): string | undefined {
  if (report === undefined) return undefined;
  const rows = Object.entries(report.curves)
    .filter(([name]) => name === "labels" || shownWays.some((router) => name.startsWith(router)))
    .map(([name, scores]) => [name, ...scores.map(formatScore)]);
  const anchors = `best model on average ${formatScore(report.bma)}, best per task ${formatScore(report.best_per_task)}`;
  return table([`labels (${anchors})`, ...report.labels.map(String)], rows);
}

function paperTable({ paper }: EvaluationReport): string | undefined {
  if (paper === undefined) return undefined;
  const { clean, as_published: published } = paper.variants;
  const rows = Object.entries(clean.rules).map(([rule, { score, gain, gain_ci95: bounds }]) => {
    const other = published.rules[rule as keyof typeof published.rules];
    return [
      rule,
      formatScore(score),
      formatGain(gain),
      interval(bounds),
      formatScore(other.score),
      formatGain(other.gain),
    ];
  });
  const notes =
    `Verdicts right on an unseen task: ${formatScore(clean.verdict_accuracy)}; mean error of the estimate: ` +
    `${formatScore(clean.verdict_accuracy_error)} clean, ${formatScore(published.verdict_accuracy_error)} as published.`;
  return `${table(["rule", "clean", "gain", "95 % interval", "as published", "gain"], rows)}\n\n${notes}`;
}

function interval([low, high]: readonly [number, number]): string {
  return `${formatGain(low)} to ${formatGain(high)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, k) => (k === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
