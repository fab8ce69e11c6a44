import { drawCalls, drawCosts } from "./charts/costs.ts";
import { SERVED } from "./charts/draw.ts";
import { drawGains } from "./charts/gains.ts";
import { drawAlphaSweep, drawFewLabels } from "./charts/labels.ts";
import { drawReliability } from "./charts/reliability.ts";
import { drawTasks } from "./charts/tasks.ts";
import { newModelColumns, newModelRows } from "./new-model-rows.ts";
import { formatGain, formatPercent, formatScore } from "./numbers.ts";
import { figure, legend, section, type TableRow, table } from "./page-parts.ts";
import type { AnchorScores, EvaluationReport } from "./report.ts";
import { wordsFirstColumns, wordsFirstRows } from "./words-first-rows.ts";

/** The chapters of a report, in reading order; one without data is an empty string. */
export function reportSections(report: EvaluationReport): readonly string[] {
  const { loto } = report;
  const unseen = report.protocol === "loto" ? report : loto;
  return [
    section(
      "All routers on the same prompts",
      "Score is the share of prompts that the chosen model answers correctly. Gain is measured against the best single " +
        "model, chosen on the training prompts; headroom is the share of what knowing the best model of every task would gain.",
      figure(drawGains(report), gainsCaption(report)),
      routerTable(report),
    ),
    costSection(report),
    section(
      "How many calls need the strong model",
      "Prompts where the strong model helps most go to it first. The dashed line is a router that knows nothing.",
      optional(drawCalls(report), legend({ accent: "Signalbox", muted: "other routers" })),
    ),
    taskSection(report),
    section(
      "Are its probabilities true?",
      "Of the answers that a router calls 70 % likely to be right, 70 % should be. Points on the dashed line are; the size of " +
        "a point is the number of predictions.",
      hasProbabilities(report) ? figure(drawReliability(report)) : undefined,
    ),
    loto === undefined ? "" : unseenSection(loto),
    unseen === undefined ? "" : labelSection(unseen),
    unseen === undefined ? "" : paperSection(unseen),
    hiddenSection(report),
    newModelSection(report),
    wordsFirstSection(report),
    robustnessSection(report),
  ];
}

function costSection(report: EvaluationReport): string {
  const chart = drawCosts(report);
  if (chart === undefined) return "";
  const { svg, below } = chart;
  const hidden = below.length > 0 ? ` Too poor for the picture: ${below.join(", ")}.` : "";
  return section(
    "Quality and price",
    "The dial trades quality for money. Up and to the left is better. The dotted line mixes two single models at random; the " +
      "dashed line deals the router's own choices to random prompts, so that the distance between it and the full line is what " +
      `the router knows about prompts.${hidden}`,
    figure(svg, legend({ accent: "Signalbox", muted: "other routers", ink: "single models" })),
  );
}

function optional(svg: string | undefined, caption: string): string | undefined {
  return svg === undefined ? undefined : figure(svg, caption);
}

function gainsCaption({ protocol }: EvaluationReport): string {
  const drawn = protocol === "loto" ? "families of tasks" : "prompts";
  return `Bars are 95 % intervals of a paired bootstrap over ${drawn}.`;
}

function hasProbabilities({ routers }: EvaluationReport): boolean {
  return Object.values(routers).some(({ reliability }) => reliability !== undefined);
}

function routerTable({ routers, anchors, anchors_macro: macro }: EvaluationReport): string {
  const anchor = (name: keyof AnchorScores): TableRow => ({
    cells: [
      name.replaceAll("_", " "),
      formatScore(anchors[name]),
      formatScore(macro[name]),
      "",
      "",
      "",
      "",
      "",
      "",
    ],
    kind: "anchor",
  });
  const rows = Object.entries(routers)
    .sort(([, a], [, b]) => b.score - a.score)
    .map(
      ([name, router]): TableRow => ({
        cells: [
          name,
          formatScore(router.score),
          formatScore(router.score_macro),
          formatGain(router.gain),
          formatPercent(router.headroom),
          formatScore(router.auc_within_models),
          formatScore(router.brier),
          formatScore(router.ece),
          formatScore(router.shuffled),
        ],
        ...(name === SERVED ? { kind: "served" as const } : {}),
      }),
    );
  const head = ["", "score", "mean of tasks", "gain", "headroom", "AUC", "Brier", "ECE", "shuffled"];
  return table(head, [
    anchor("random"),
    anchor("best_single"),
    ...rows,
    anchor("best_per_task"),
    anchor("oracle"),
  ]);
}

function taskSection(report: EvaluationReport): string {
  const { svg, shown } = drawTasks(report);
  const which =
    shown < report.tasks.length ? ` The ${shown} tasks with most to gain of ${report.tasks.length}.` : "";
  return section(
    "Headroom, task by task",
    `Each bar runs from the best single model (tick) to the task's own best model. The dot is what routing reached.${which}`,
    figure(svg, legend({ accent: "at or above the best single model", warn: "below it", muted: "headroom" })),
  );
}

function unseenSection(loto: EvaluationReport): string {
  return section(
    "On tasks it has never seen",
    "Each family of tasks is left out of training in turn. This is the hard case, where an honest router must not lose to " +
      "the best model on average.",
    figure(drawGains(loto), gainsCaption(loto)),
    routerTable(loto),
  );
}

function labelSection({ few_labels: report }: EvaluationReport): string {
  if (report === undefined) return "";
  const names = {
    "ink-soft": "labels alone",
    accent: "router and labels, models learning from each other",
    second: "the same, prompt by prompt",
    third: "router and labels, each model by itself",
  };
  return section(
    "With a few labels of a new task",
    `Some prompts of an unseen task are labeled at random, and the rest are routed; means over tasks and ${report.draws} draws.`,
    figure(drawFewLabels(report), legend(names)),
  );
}

function paperSection({ paper }: EvaluationReport): string {
  if (paper === undefined) return "";
  const { clean, as_published: published } = paper.variants;
  const names = {
    bma: "best model on average",
    s1: "S1",
    s2: "S2",
    s3: "S3 with gate",
    s3_true_p: "S3 with true p",
    best_per_task: "best per task",
    random: "random",
  };
  const rows = Object.entries(names).map(([rule, name]): TableRow => {
    const [a, b] = [clean.rules[rule as keyof typeof names], published.rules[rule as keyof typeof names]];
    const interval = `${formatGain(a.gain_ci95[0])} ${formatGain(a.gain_ci95[1])}`;
    return {
      cells: [
        name,
        formatScore(a.score),
        formatGain(a.gain),
        interval,
        formatScore(b.score),
        formatGain(b.gain),
      ],
    };
  });
  return section(
    "The paper's method: one model for each unseen task",
    `Shnitzer et al. 2023 on ${paper.tasks} tasks. Their classifier's verdicts are right ${formatPercent(clean.verdict_accuracy)} of the time on an ` +
      `unseen task (29 HELM tasks: 59 %), and the estimate of that share is off by ${formatScore(clean.verdict_accuracy_error)} (theirs: .116). ` +
      "As published, the best model on average has seen the new task; clean, it has not.",
    table(["", "clean", "gain", "95 % interval", "as published", "gain"], rows),
    figure(drawAlphaSweep(paper), legend({ accent: "S1", second: "S2", third: "S3 with gate" })),
  );
}

function hiddenSection({ hidden_blocks: report }: EvaluationReport): string {
  if (report === undefined) return "";
  const rows = Object.entries(report.routers).map(
    ([name, scores]): TableRow => ({
      cells: [
        name,
        formatScore(scores.brier),
        formatScore(scores.ece),
        formatPercent(scores.accuracy),
        formatScore(scores.auc_within_models),
      ],
      ...(name === SERVED ? { kind: "served" as const } : {}),
    }),
  );
  return section(
    "Models on tasks they never ran",
    `${formatPercent(report.share)} of the (model, task) blocks are hidden from training; these are the probabilities on the hidden results. Means of ${report.draws} draws.`,
    table(["", "Brier", "ECE", "right at one half", "AUC"], rows),
  );
}

function newModelSection({ new_model: reports = [] }: EvaluationReport): string {
  if (reports.length === 0) return "";
  return section(
    "A new model joins",
    `Each of ${reports.length} models is left out and added again from little, without fitting the others anew: the score of ` +
      "what is chosen and the Brier score of the new model's probabilities, means over the models. Published scores are its " +
      "mean results with noise of .03.",
    table(
      ["", ...newModelColumns],
      newModelRows(reports).map((cells): TableRow => ({ cells })),
    ),
  );
}

function wordsFirstSection({ words_first: report }: EvaluationReport): string {
  if (report === undefined) return "";
  const prices =
    report.prices === "listed"
      ? ""
      : " Not every model has a price here: prices are taken to rise with the models' mean scores.";
  return section(
    "Words first",
    "Most prompts can be decided by their words alone, without running the transformer; the others are decided by both " +
      `views. What that gives up against always running it, by choice rule.${prices}`,
    table(
      ["", ...wordsFirstColumns],
      wordsFirstRows(report).map((cells): TableRow => ({ cells })),
    ),
  );
}

function robustnessSection({ robustness }: EvaluationReport): string {
  if (robustness === undefined) return "";
  const rows = Object.entries(robustness.perturbations).map(
    ([name, scores]): TableRow => ({
      cells: [
        name.replaceAll("_", " "),
        scores.prompts.toLocaleString("en-US"),
        `${(100 * scores.changed_decisions).toFixed(1)} %`,
        formatScore(scores.score_before),
        formatScore(scores.score_after),
      ],
    }),
  );
  return section(
    "Does the surface of a prompt matter?",
    "The same questions with typing errors, in lower case, with other white space, or with their answer options in another order.",
    table(["", "prompts", "decisions changed", "score before", "score after"], rows),
  );
}
