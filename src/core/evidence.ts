/** What a bundle's knowledge of one LLM rests on. */
export interface Evidence {
  /** Prompts whose answers were graded one by one. */
  readonly outcomes: number;
  /** Scores on whole benchmarks or tasks that others published. */
  readonly published: number;
  /** Grades of answers that this router gave. */
  readonly feedback: number;
  /** Mean score over the training tasks, and between which bounds it lies in 19 of 20 cases. */
  readonly ability?: { readonly mean: number; readonly low: number; readonly high: number };
}

/** From a bundle's header; undefined in bundles that don't say it, or not of this model. */
export function evidenceOf(header: Readonly<Record<string, unknown>>, model: string): Evidence | undefined {
  const all = header["evidence"];
  if (!isRecord(all) || !Object.hasOwn(all, model)) return undefined;
  const own = all[model];
  if (!isRecord(own)) return undefined;
  const { ability } = own;
  const bounds = isRecord(ability)
    ? { mean: Number(ability["mean"]), low: Number(ability["low"]), high: Number(ability["high"]) }
    : undefined;
  return {
    outcomes: count(own["outcomes"]),
    published: count(own["published"]),
    feedback: count(own["feedback"]),
    ...(bounds && Object.values(bounds).every(Number.isFinite) ? { ability: bounds } : {}),
  };
}

/** `4,489 outcomes, 3 published scores` */
export function describeEvidence({ outcomes, published, feedback }: Evidence): string {
  const parts = [
    [outcomes, "outcome"],
    [published, "published score"],
    [feedback, "grade of its traffic"],
  ] as const;
  const known = parts.filter(([number]) => number > 0);
  if (known.length === 0) return "nothing";
  return known
    .map(([number, noun]) => `${number.toLocaleString("en-US")} ${number === 1 ? noun : plural(noun)}`)
    .join(", ");
}

function plural(noun: string): string {
  return noun.startsWith("grade") ? noun.replace("grade", "grades") : `${noun}s`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function count(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}
