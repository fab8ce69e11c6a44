/** One prompt of a task, with the scores that are known of it. */
export interface TaskPrompt {
  readonly prompt: string;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** What was pasted, as far as it makes sense. */
export interface ParsedPrompts {
  readonly prompts: readonly TaskPrompt[];
  /** What was left out and why, such as `Line 3: not valid JSON`. */
  readonly faults: readonly string[];
}

/**
 * Text that a person pasted or dropped -> prompts. JSON lines and JSON arrays may hold strings or
 * `{"prompt", "outcomes"?}` (the outcomes format); any other text is one prompt a line.
 */
export function parsePrompts(text: string): ParsedPrompts {
  const trimmed = text.trim();
  const whole = trimmed.startsWith("[") ? parse(trimmed) : undefined;
  const items = Array.isArray(whole)
    ? whole.map((value, index) => read(value, `Item ${index + 1}`))
    : text.split(/\r?\n/).flatMap((line, index) => readLine(line.trim(), `Line ${index + 1}`));
  return {
    prompts: items.flatMap(({ prompt }) => (prompt === undefined ? [] : [prompt])),
    faults: items.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
  };
}

interface Item {
  readonly prompt?: TaskPrompt;
  readonly fault?: string;
}

function readLine(line: string, place: string): readonly Item[] {
  if (line === "") return [];
  // Braces alone may be a question about sets.
  if (!/^\{\s*"/.test(line)) return [{ prompt: { prompt: line, outcomes: {} } }];
  const value = parse(line);
  return [value === undefined ? { fault: `${place}: not valid JSON` } : read(value, place)];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function read(value: unknown, place: string): Item {
  if (typeof value === "string" && value.trim() !== "") return { prompt: { prompt: value, outcomes: {} } };
  const { prompt, outcomes } = (value ?? {}) as { readonly prompt?: unknown; readonly outcomes?: unknown };
  if (typeof prompt !== "string" || prompt.trim() === "") {
    return { fault: `${place}: there is no text in "prompt"` };
  }
  const entries = Object.entries(outcomes ?? {});
  const scores = entries.filter((entry): entry is [string, number] => isScore(entry[1]));
  const wrong = entries.find(([, score]) => !isScore(score));
  return {
    prompt: { prompt, outcomes: Object.fromEntries(scores) },
    ...(wrong === undefined
      ? {}
      : { fault: `${place}: the score of ${wrong[0]} is not a number from 0 to 1` }),
  };
}

function isScore(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}
