import type { NewModelReport, NewModelScores } from "../experiments/new-model.ts";
import { formatScore } from "./numbers.ts";

export const newModelColumns = ["routed", "Brier"] as const;

/** One line by what is known of the new model, means over the models that were left out. */
export function newModelRows(reports: readonly NewModelReport[]): readonly (readonly string[])[] {
  const mean = (pick: (report: NewModelReport) => number) =>
    formatScore(reports.reduce((sum, report) => sum + pick(report), 0) / reports.length);
  const line = (name: string, scores: (report: NewModelReport) => NewModelScores) => [
    name,
    mean((report) => scores(report).routed),
    mean((report) => scores(report).brier),
  ];
  return [
    ["nothing: without it", mean(({ without }) => without), ""],
    ...Object.keys(reports[0].evidence).map((name) => line(name, ({ evidence }) => evidence[name])),
    line("all outcomes, everything fitted again", ({ refitted }) => refitted),
  ];
}
