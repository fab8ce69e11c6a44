import type { EvaluationReport } from "./report.ts";
export async function formatHtml(report: EvaluationReport): Promise<string> {
  return `<pre>${report.suite}</pre>`;
}
