import { bounds } from "./people.ts";

/** What the bounded key was sent on for: nothing beyond what its record says. */
export function excessOf(body: Readonly<Record<string, unknown>>, upstream: string): string | undefined {
  const { models: allowed = [], maxTokens = 0, maxAnswers = 1, fields = [] } = bounds;
  if (!allowed.includes(upstream.split("/").at(-1) as string)) return `model ${upstream}`;
  const length = Number(body["max_tokens"] ?? body["max_completion_tokens"]);
  if (!(length <= maxTokens)) return `${length} tokens`;
  if (Number(body["n"] ?? 1) > maxAnswers) return `${body["n"]} answers`;
  const known = [
    ...fields,
    "model",
    "messages",
    "user",
    "stream",
    "n",
    "max_tokens",
    "max_completion_tokens",
  ];
  return Object.keys(body).find((name) => !known.includes(name));
}
