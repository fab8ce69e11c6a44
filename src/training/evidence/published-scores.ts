import { matchModels } from "../../core/catalogue.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { PUBLISHED_SD } from "./variances.ts";

/** A score of one LLM that others published. */
export interface PublishedScore {
  /** Indices of the tasks that it is the mean over, each weighted by its prompts. */
  readonly tasks: readonly number[];
  readonly score: number;
  /** Standard deviation of its difference from what our own prompts would give. */
  readonly sd: number;
}

/** As a file has it: `0.83`, or with where it is from. */
export interface StatedScore {
  readonly score: number;
  readonly sd: number;
  readonly source?: string;
}

/** `{"mmlu-pro": 0.83, "mmlu-pro/law": {"score": 0.71, "source": "https://...", "sd": 0.03}}` */
export function parseScores(value: unknown): Result<ReadonlyMap<string, StatedScore>, "scores_invalid"> {
  if (!isRecord(value))
    return fail("scores_invalid", "scores are an object: name of a task or suite -> score");
  const scores = new Map<string, StatedScore>();
  for (const [name, stated] of Object.entries(value)) {
    const { score, sd = PUBLISHED_SD, source } = isRecord(stated) ? stated : { score: stated };
    if (typeof score !== "number" || !(score >= 0 && score <= 1)) {
      const percent = typeof score === "number" && score > 1 && score <= 100;
      const hint = percent ? `; write ${score / 100} for ${score} %` : "";
      return fail("scores_invalid", `the score of "${name}" must be a number from 0 to 1${hint}`, name);
    }
    if (typeof sd !== "number" || !(sd > 0 && sd <= 1)) {
      return fail("scores_invalid", `the \`sd\` of "${name}" must be above 0 and at most 1`, name);
    }
    if (source !== undefined && typeof source !== "string") {
      return fail("scores_invalid", `the \`source\` of "${name}" must be text`, name);
    }
    scores.set(name, { score, sd, ...(source === undefined ? {} : { source }) });
  }
  return scores.size > 0 ? ok(scores) : fail("scores_invalid", "there is no score in the file");
}

/**
 * Which tasks each name means: a task, a suite (all tasks behind `suite/`), or a wildcard.
 * @returns the first name that means nothing, with those that are like it, as a failure
 */
export function locateScores(
  scores: ReadonlyMap<string, StatedScore>,
  tasks: readonly string[],
): Result<readonly PublishedScore[], "unknown_task"> {
  const located: PublishedScore[] = [];
  for (const [name, { score, sd }] of scores) {
    const meant = tasksOf(name, tasks);
    if (meant.length === 0) return fail("unknown_task", unknownTask(name, tasks), name);
    located.push({ tasks: meant, score, sd });
  }
  return ok(located);
}

function tasksOf(name: string, tasks: readonly string[]): readonly number[] {
  const { matched } = matchModels(tasks, new Map(), tasks.includes(name) ? [name] : [name, `${name}/*`]);
  return tasks.map((_, d) => d).filter((d) => matched.has(tasks[d] as string));
}

const SHOWN = 5;

function unknownTask(name: string, tasks: readonly string[]): string {
  const suites = tasks.flatMap((task) => (task.includes("/") ? [task.split("/", 1)[0] as string] : []));
  const names = [...new Set([...suites, ...tasks])];
  const near = names
    .map((other) => ({ other, distance: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.other < b.other ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ other }) => other);
  return `the bundle has no task or suite "${name}"; near are ${near.join(", ")}. \`signalbox inspect\` lists all`;
}

/** Letters to insert, delete or exchange (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchange = before[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(exchange, before[j] + 1, row[j - 1] + 1));
    }
    before = row;
  }
  return before[b.length];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
