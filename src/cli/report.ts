import type { Command } from "commander";
import { type Report, readReport } from "./d1/read-report.ts";
import { type TargetOptions, withTarget } from "./kv/target-options.ts";
import { print } from "./output.ts";
import { parseWholeNumber } from "./parse-number.ts";
import { type NamedValue, nothingGraded, type ReportValues, readValues } from "./report-values.ts";
import { type Column, formatTable } from "./table.ts";

interface ReportOptions extends TargetOptions {
  readonly days: number;
  readonly bundle?: string;
}

const DAY_MS = 24 * 3600_000;

/** `report`: what the recorded decisions amount to. */
export function registerReport(program: Command): void {
  withTarget(
    program
      .command("report")
      .description(
        "add up the decisions that DECISION_LOG recorded in D1: traffic, spend, drift, trials, value",
      ),
  )
    .option("--days <n>", "how far to look back", parseWholeNumber(1), 7)
    .option("--bundle <dir>", "what the router in that folder would have scored on graded decisions")
    .addHelpText(
      "after",
      `
Examples:
  signalbox report                        the last week of the Worker on this machine
  signalbox report --remote --days 30     of the deployed one
  signalbox report --bundle my-router     is another router better on this traffic?`,
    )
    .action(async (options: ReportOptions) => {
      const since = new Date(Date.now() - options.days * DAY_MS);
      const report = await readReport(options, since);
      const isGraded = report.feedback.length > 0;
      const values = isGraded ? await readValues(options, since, options.bundle) : nothingGraded;
      print(
        options.json
          ? JSON.stringify({ ...report, values }, null, 2)
          : describe(report, values, options.days),
      );
    });
}

function describe(report: Report, values: ReportValues, days: number): string {
  if (report.decisions === 0)
    return `No decisions were recorded in the last ${days} days.\n${describeDatabase(report.database)}`;
  return [
    `${report.decisions} decisions in the last ${days} days`,
    "",
    `expected spend        ${usd(report.usd)}${expected(report.mean_p_correct)}`,
    `always the cheapest   ${usd(report.usd_always_cheapest)}${expected(report.mean_p_always_cheapest)}`,
    `always the best       ${usd(report.usd_always_best)}${expected(report.mean_p_always_best)}`,
    `unfamiliar prompts    ${percent(report.share_unfamiliar)}`,
    `embeddings from cache ${percent(report.share_cache_hits)}`,
    `drawn at random       ${percent(report.explored / report.decisions)}`,
    "",
    ...formatTable(
      [{ title: "model" }, number("decisions"), number("share"), number("expected spend")],
      report.models.map(({ model, decisions, usd: spent }) => [
        ...[model, String(decisions), percent(decisions / report.decisions), usd(spent)],
      ]),
    ),
    "",
    ...formatTable(
      [{ title: "day" }, number("decisions"), number("familiarity")],
      report.days.map((day) => [day.day, String(day.decisions), day.mean_familiarity.toFixed(3)]),
    ),
    "",
    ...formatTable(
      [{ title: "bundle" }, { title: "role" }, number("decisions"), number("p(correct)"), number("mean USD")],
      report.bundles.map(({ bundle, role, decisions, mean_p_correct, mean_usd }) => [
        ...[bundle.slice(0, 16), role, String(decisions), mean_p_correct.toFixed(3), mean_usd.toPrecision(3)],
      ]),
    ),
    ...section(
      [{ title: "shadow" }, number("compared"), number("chose another model")],
      report.shadows.map(({ shadow_bundle, compared, different }) => [
        ...[shadow_bundle.slice(0, 16), String(compared), percent(different / compared)],
      ]),
    ),
    ...section(
      [{ title: "feedback on bundle" }, number("scores"), number("mean")],
      report.feedback.map(({ bundle, scores, mean_score }) => [
        ...[bundle, String(scores), mean_score.toFixed(3)],
      ]),
    ),
    ...section(
      [
        { title: "signal" },
        ...["received", "its score", "graded too", "mean grade", "mean difference"].map(number),
      ],
      report.signals.map(({ signal, received, mean_score, graded, mean_grade, mean_difference }) => [
        ...[signal, String(received), mean_score.toFixed(3), String(graded)],
        ...[mean_grade?.toFixed(3) ?? "-", mean_difference?.toFixed(3) ?? "-"],
      ]),
    ),
    ...describeValues(values),
    ...section(
      [{ title: "attempts to learn" }, number("runs")],
      report.learning.map(({ stage, runs }) => [stage.replace("_", " "), String(runs)]),
    ),
    "",
    describeDatabase(report.database),
  ].join("\n");
}

function expected(meanP: number | null): string {
  return meanP === null ? "" : `, right by the bundle's word ${percent(meanP)}`;
}

function describeValues({ graded, drawn, left_out: leftOut, policies }: ReportValues): readonly string[] {
  if (graded === 0)
    return [
      "",
      "value: no decision of that time has both a row of the log and a score of its model's answer",
    ];
  const left = leftOut === 0 ? "" : `; ${leftOut} more have no candidate that the other bundle knows`;
  return [
    "",
    `value on ${graded} graded decisions, with 95 % intervals (${drawn} of the answers were drawn at random${left})`,
    ...formatTable(
      [
        { title: "choice" },
        ...["by the bundle", "measured", "corrected", "mean USD", "out of reach", "drawn"].map(number),
      ],
      policies.map(
        ({ policy, direct, measured, corrected, usd: cost, extrapolated_share, drawn_answers }) => [
          ...[policy, interval(direct), interval(measured), interval(corrected)],
          ...[cost.value.toPrecision(3), percent(extrapolated_share), String(drawn_answers)],
        ],
      ),
    ),
    "  by the bundle: the mean probability by the bundle that decided; nothing of it is measured",
    "  measured: from scores alone, by inverse propensity; what was out of reach counts as anything from 0 to 1",
    "  corrected: the bundle's word, corrected by scores; its word alone on what was out of reach (extrapolation)",
    "  out of reach: decisions in which that choice could not have been made; drawn: random answers that bear on the rest",
    ...(drawn === 0
      ? ["  without EXPLORE, all that is measured of another choice is where it agrees with the router's"]
      : []),
  ];
}

function interval({ value, low, high }: NamedValue["measured"]): string {
  const range = `${low.toFixed(3)} to ${high.toFixed(3)}`;
  return value === null ? range : `${value.toFixed(3)} (${range})`;
}

// What Cloudflare gives a database: 500 MB on the Free plan, 10 GB on the Paid one. A full one takes no feedback.
const FREE_BYTES = 500e6;
const PAID_BYTES = 10e9;
const NEARLY_FULL = 0.8;

/** How large the database is, and what to do before it is full. */
export function describeDatabase({ bytes, feedback_rows, decision_rows }: Report["database"]): string {
  const rows = `the database holds ${feedback_rows} scores and ${decision_rows} decisions`;
  if (bytes === null) return rows;
  const plans = [
    { name: "Free", limit: FREE_BYTES },
    { name: "Paid", limit: PAID_BYTES },
  ];
  const shares = plans.map(({ name, limit }) => `${percent(bytes / limit)} of the ${name} plan's`).join(", ");
  const near = plans.some(({ limit }) => bytes > NEARLY_FULL * limit && bytes <= 1.25 * limit);
  const advice = near ? "; `signalbox feedback prune --before <day>` deletes what is old" : "";
  return `${rows}, ${(bytes / 1e6).toFixed(1)} MB: ${shares}${advice}`;
}

function section(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : ["", ...formatTable(columns, rows)];
}

function number(title: string): Column {
  return { title, isNumber: true };
}

function usd(amount: number): string {
  return `${amount.toFixed(amount < 1 ? 4 : 2)} USD`;
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(1)} %`;
}
