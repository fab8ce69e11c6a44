import type { LosoReport } from "../loso/report.ts";
import type { EvaluationReport } from "./report.ts";

// More than any figure's own error, few enough to read.
const DECIMALS = 6;

/** The report as a JSON document with a line end; what cannot be measured is null. */
export function formatJson(report: EvaluationReport | LosoReport): string {
  return `${JSON.stringify(report, (_, value: unknown) => (typeof value === "number" ? roundNumber(value) : value), 2)}\n`;
}

function roundNumber(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  // Prices are far below one: they keep their digits.
  return Math.abs(value) < 0.01 ? Number(value.toPrecision(DECIMALS)) : Number(value.toFixed(DECIMALS));
}
