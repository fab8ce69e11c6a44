import type { Command } from "commander";
import { type Report, readReport } from "./d1/read-report.ts";
import { type TargetOptions, withTarget } from "./kv/target-options.ts";
import { print } from "./output.ts";
import { parseWholeNumber } from "./parse-number.ts";
import { type Column, formatTable } from "./table.ts";

interface ReportOptions extends TargetOptions {
  readonly days: number;
}

const DAY_MS = 24 * 3600_000;

/** `report`: what the recorded decisions amount to. */
export function registerReport(program: Command): void {
  withTarget(
    program
      .command("report")
      .description("add up the decisions that DECISION_LOG recorded in D1: traffic, spend, drift, trials"),
  )
    .option("--days <n>", "how far to look back", parseWholeNumber(1), 7)
    .addHelpText(
      "after",
      `
Examples:
  signalbox report                        the last week of the Worker on this machine
  signalbox report --remote --days 30     of the deployed one`,
    )
    .action(async (options: ReportOptions) => {
      const report = await readReport(options, new Date(Date.now() - options.days * DAY_MS));
      print(options.json ? JSON.stringify(report, null, 2) : describe(report, options.days));
    });
}

function describe(report: Report, days: number): string {
  if (report.decisions === 0)
    return `No decisions were recorded in the last ${days} days.\n${describeDatabase(report.database)}`;
  return [
    `${report.decisions} decisions in the last ${days} days`,
    "",
    `expected spend        ${usd(report.usd)}`,
    `always the cheapest   ${usd(report.usd_always_cheapest)}`,
    `always the best       ${usd(report.usd_always_best)}`,
    `unfamiliar prompts    ${percent(report.share_unfamiliar)}`,
    `embeddings from cache ${percent(report.share_cache_hits)}`,
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
    "",
    describeDatabase(report.database),
  ].join("\n");
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
