/** One prompt of a task, with the scores that are known of it. */
export interface TaskPrompt {
  readonly prompt: string;
  readonly outcomes: Readonly<Record<string, number>>;
}

/**
 * Text that a person pasted or dropped -> prompts. JSON lines and JSON arrays may hold strings or
 * `{"prompt", "outcomes"?}` (the outcomes format); any other text is one prompt a line.
 */
export function parsePrompts(text: string): readonly TaskPrompt[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const whole = trimmed.startsWith("[") ? parse(trimmed) : undefined;
  if (Array.isArray(whole)) return whole.flatMap(toPrompt);
  return trimmed
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .flatMap((line) => toPrompt(line.startsWith("{") ? (parse(line) ?? line) : line));
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function toPrompt(value: unknown): readonly TaskPrompt[] {
  if (typeof value === "string") return value.trim() === "" ? [] : [{ prompt: value, outcomes: {} }];
  const { prompt, outcomes } = (value ?? {}) as { readonly prompt?: unknown; readonly outcomes?: unknown };
  if (typeof prompt !== "string" || prompt.trim() === "") return [];
  const scores = Object.entries(outcomes ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] >= 0 && entry[1] <= 1,
  );
  return [{ prompt, outcomes: Object.fromEntries(scores) }];
}
