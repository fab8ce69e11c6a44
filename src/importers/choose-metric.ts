import { fail, ok, type Result } from "../core/result.ts";
import type { ImportCode, ImportOptions } from "./importer.ts";

/** The metric to read: the first wanted one that the sample has, else the only one it has. */
export function chooseMetric(
  available: readonly string[],
  place: string,
  file: string,
  { metrics }: ImportOptions,
): Result<string, ImportCode> {
  const wanted = metrics.find((metric) => available.includes(metric));
  if (wanted !== undefined) return ok(wanted);
  const listed = available.join(", ") || "none";
  if (metrics.length > 0) {
    return fail(
      "unknown_metric",
      `${place}: there is no metric ${metrics.join(" or ")} here; there is: ${listed}`,
      file,
    );
  }
  if (available.length > 1) {
    return fail(
      "choose_metric",
      `${place}: there are several metrics; choose one with --metric: ${listed}`,
      file,
    );
  }
  const [only] = available;
  return only === undefined ? fail("unknown_metric", `${place}: there is no metric here`, file) : ok(only);
}
