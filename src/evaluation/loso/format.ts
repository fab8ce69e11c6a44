import { looseTies } from "../../training/suite-ties.ts";
import { formatGain, formatPercent, formatScore } from "../report/numbers.ts";
import { escapeHtml, section, table } from "../report/page-parts.ts";
import { pageStyle } from "../report/page-style.ts";
import type { LosoReport, SuiteReport } from "./report.ts";

const titles = [
  "left out",
  "prompts",
  "models",
  "routed",
  "best on average",
  "best single",
  "gain",
  "95 % interval",
  "Brier",
  "constant",
  "ECE",
  "AUC",
  "familiarity",
  "r(unfamiliar, error)",
] as const;

function rows(suites: readonly SuiteReport[]): readonly (readonly string[])[] {
  const average = (of: (report: SuiteReport) => number) =>
    suites.reduce((sum, report) => sum + of(report), 0) / suites.length;
  const means = [
    ...["mean", "", ""],
    ...(
      [(s) => s.routed, (s) => s.best_on_average, (s) => s.best_single] as const satisfies ((
        report: SuiteReport,
      ) => number)[]
    ).map((of) => formatScore(average(of))),
    formatGain(average(({ gain }) => gain)),
    "",
    formatScore(average(({ brier }) => brier)),
    formatScore(average((report) => report.brier_constant)),
    formatScore(average(({ ece }) => ece)),
    formatScore(average((report) => report.auc_within_models)),
    formatPercent(average((report) => report.mean_familiarity)),
    formatGain(average((report) => report.unfamiliarity_and_error)),
  ];
  return [...suites.map(suiteRow), means];
}

function suiteRow(report: SuiteReport): readonly string[] {
  return [
    report.suite,
    report.prompts.toLocaleString("en-US"),
    String(report.models.length),
    formatScore(report.routed),
    formatScore(report.best_on_average),
    formatScore(report.best_single),
    formatGain(report.gain),
    `${formatGain(report.gain_ci95[0])} to ${formatGain(report.gain_ci95[1])}`,
    formatScore(report.brier),
    formatScore(report.brier_constant),
    formatScore(report.ece),
    formatScore(report.auc_within_models),
    formatPercent(report.mean_familiarity),
    formatGain(report.unfamiliarity_and_error),
  ];
}

export function formatLosoTable(report: LosoReport): string {
  const among = report.among?.suites ?? [];
  const text = alignRows(report.suites);
  const few = `\namong ${report.among?.models.length} models\n\n${alignRows(among)}`;
  return `leave-one-suite-out: ${report.suites.length} suites\n\n${text}${among.length === 0 ? "" : few}`;
}

function alignRows(suites: readonly SuiteReport[]): string {
  const lines = [titles, ...rows(suites)];
  const widths = titles.map((_, k) => Math.max(...lines.map((cells) => cells[k]?.length ?? 0)));
  const text = lines.map((cells) =>
    cells
      .map((cell, k) => (k === 0 ? cell.padEnd(widths[k] ?? 0) : cell.padStart(widths[k] ?? 0)))
      .join("  "),
  );
  return `${text.join("\n")}\n`;
}

export function formatLosoMarkdown(report: LosoReport): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(titles.map((_, k) => (k === 0 ? "---" : "--:")));
  const loose = looseTies(report.shared_models);
  const among = report.among?.suites ?? [];
  return [
    "### Each suite left out in turn",
    "",
    line(titles),
    rule,
    ...rows(report.suites).map(line),
    ...(among.length === 0
      ? []
      : [
          "",
          `Among ${report.among?.models.length} models:`,
          "",
          line(titles),
          rule,
          ...rows(among).map(line),
        ]),
    ...(loose.length === 0 ? [] : ["", `Tied by fewer than two LLMs: ${loose.join(", ")}.`]),
    "",
    "| said (all suites) | true | results |",
    "| --: | --: | --: |",
    ...pooledReliability(report).map(line),
    "",
  ].join("\n");
}

export function formatLosoHtml(report: LosoReport): string {
  const bins = pooledReliability(report).map((cells) => ({ cells }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Suites the router never saw – Signalbox</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>Suites the router never saw</h1>
${section(
  "Each suite left out in turn",
  "Trained on the other suites, judged on this one; the candidates are its models that ran another suite too. The constant is the suite's own mean, which nobody knows beforehand.",
  table(
    titles,
    rows(report.suites).map((cells) => ({ cells })),
  ),
)}
${
  report.among === undefined
    ? ""
    : section(
        "The same among fewer models",
        `The same routers, with ${report.among.models.length} models as the only candidates.`,
        table(
          titles,
          rows(report.among.suites).map((cells) => ({ cells })),
        ),
      )
}
${section("Reliability", "What was said of the probability of a right answer, and what came true, over all suites.", table(["said", "true", "results"], bins))}
<footer>Seed ${report.seed}. Tied by fewer than two models: ${escapeHtml(looseTies(report.shared_models).join(", ") || "none")}.</footer>
</main>
</body>
</html>
`;
}

function pooledReliability({ suites }: LosoReport): readonly (readonly string[])[] {
  const fifths = Array.from({ length: 5 }, () => ({ predicted: 0, observed: 0, count: 0 }));
  for (const { predicted, observed, count } of suites.flatMap(({ reliability }) => reliability)) {
    const bin = fifths[Math.min(Math.floor(predicted * fifths.length), fifths.length - 1)];
    if (bin === undefined) continue;
    bin.predicted += predicted * count;
    bin.observed += observed * count;
    bin.count += count;
  }
  return fifths
    .filter(({ count }) => count > 0)
    .map(({ predicted, observed, count }) => [
      formatScore(predicted / count),
      formatScore(observed / count),
      count.toLocaleString("en-US"),
    ]);
}
