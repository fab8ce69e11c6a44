import { looseTies } from "../../training/suite-ties.ts";
import { formatGain, formatPercent, formatScore } from "../report/numbers.ts";
import { escapeHtml, section, table } from "../report/page-parts.ts";
import { pageStyle } from "../report/page-style.ts";
import type { WordsFirstScores } from "../words/measure-words-first.ts";
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

const wordsTitles = [
  "left out",
  "by words",
  "another model",
  "both views",
  "words first",
  "difference",
  "ECE, both views",
  "words first",
] as const;

/** Rule quality; none where the encoder has one view. */
function wordsRows(suites: readonly SuiteReport[]): readonly (readonly string[])[] {
  const known = suites.flatMap(({ suite, words_first: scores }) =>
    scores === undefined ? [] : [{ suite, scores }],
  );
  if (known.length === 0) return [];
  const average = (of: (scores: WordsFirstScores) => number) =>
    known.reduce((sum, { scores }) => sum + of(scores), 0) / known.length;
  const line = (name: string, value: (of: (scores: WordsFirstScores) => number) => number) => [
    name,
    formatPercent(value((scores) => scores.by_words)),
    `${(100 * value(({ changed }) => changed)).toFixed(1)} %`,
    formatScore(value((scores) => scores.score_both)),
    formatScore(value(({ score }) => score)),
    formatGain(value(({ difference }) => difference)),
    formatScore(value((scores) => scores.ece_both)),
    formatScore(value(({ ece }) => ece)),
  ];
  return [...known.map(({ suite, scores }) => line(suite, (of) => of(scores))), line("mean", average)];
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
  const few = `\namong ${report.among?.models.length} models\n\n${alignRows([titles, ...rows(among)])}`;
  const byWords = wordsRows(report.suites);
  return [
    `leave-one-suite-out: ${report.suites.length} suites\n\n${alignRows([titles, ...rows(report.suites)])}`,
    among.length === 0 ? "" : few,
    byWords.length === 0 ? "" : `\nwords first\n\n${alignRows([wordsTitles, ...byWords])}`,
  ].join("");
}

function alignRows(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, k) => Math.max(...lines.map((cells) => cells[k]?.length ?? 0)));
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
  const byWords = wordsRows(report.suites);
  const wordsRule = line(wordsTitles.map((_, k) => (k === 0 ? "---" : "--:")));
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
    ...(byWords.length === 0
      ? []
      : ["", "Words first:", "", line(wordsTitles), wordsRule, ...byWords.map(line)]),
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
  const byWords = wordsRows(report.suites);
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
${
  byWords.length === 0
    ? ""
    : section(
        "Words first",
        "Decided by words alone where that is safe, by both views elsewhere; rule quality.",
        table(
          wordsTitles,
          byWords.map((cells) => ({ cells })),
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
