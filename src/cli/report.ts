import { type Command, InvalidArgumentError } from "commander";
import { type Report, readReport } from "./d1/read-report.ts";
import { type TargetOptions, withTarget } from "./kv/target-options.ts";

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
    .option("--days <n>", "how far to look back", wholeDays, 7)
    .action(async (options: ReportOptions) => {
      const report = await readReport(options, new Date(Date.now() - options.days * DAY_MS));
      console.log(options.json ? JSON.stringify(report, null, 2) : describe(report, options.days));
    });
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days > 0) return days;
  throw new InvalidArgumentError("give a whole number of days");
}

function describe(report: Report, days: number): string {
  if (report.decisions === 0) return `No decisions were recorded in the last ${days} days.`;
  return [
    `${report.decisions} decisions in the last ${days} days`,
    "",
    `expected spend        ${usd(report.usd)}`,
    `always the cheapest   ${usd(report.usd_always_cheapest)}`,
    `always the best       ${usd(report.usd_always_best)}`,
    `unfamiliar prompts    ${percent(report.share_unfamiliar)}`,
    `embeddings from cache ${percent(report.share_cache_hits)}`,
    "",
    "model: decisions, expected spend",
    ...report.models.map(({ model, decisions, usd: spent }) => `  ${model}: ${decisions}, ${usd(spent)}`),
    "",
    "day: decisions, mean familiarity",
    ...report.days.map((day) => `  ${day.day}: ${day.decisions}, ${day.mean_familiarity.toFixed(3)}`),
    "",
    "bundle: decisions, mean probability of a correct answer, mean USD",
    ...report.bundles.map(
      ({ bundle, role, decisions, mean_p_correct, mean_usd }) =>
        `  ${bundle.slice(0, 16)} ${role}: ${decisions}, ${mean_p_correct.toFixed(3)}, ${mean_usd.toPrecision(3)}`,
    ),
    ...section(
      "shadow: compared, chose another model",
      report.shadows.map(
        ({ shadow_bundle, compared, different }) =>
          `  ${shadow_bundle.slice(0, 16)}: ${compared}, ${percent(different / compared)}`,
      ),
    ),
    ...section(
      "feedback by bundle: scores, mean",
      report.feedback.map(
        ({ bundle, scores, mean_score }) => `  ${bundle}: ${scores}, ${mean_score.toFixed(3)}`,
      ),
    ),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

function usd(amount: number): string {
  return `${amount.toFixed(amount < 1 ? 4 : 2)} USD`;
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(1)} %`;
}
