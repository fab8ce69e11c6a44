import type { Callable } from "./catalogue.ts";
import type { Prompt } from "./prompts.ts";

/** What somebody has who has no data yet. */
export interface Brief {
  /** What the prompts are about, who writes them, what a good answer is. */
  readonly description: string;
  /** About ten, as they would be written. */
  readonly examples: readonly Pick<Prompt, "prompt" | "expected" | "rubric">[];
}

const PER_REQUEST = 20;
/** A model that runs out of ideas repeats itself; nobody should pay for that for ever. */
const MOST_REQUESTS_WITHOUT_NEWS = 3;

export function instructionsFor({ description, examples }: Brief, made: readonly Prompt[]): string {
  return [
    `Write ${PER_REQUEST} more prompts of one kind, as different people would write them.`,
    `What they are about: ${description}`,
    "Vary subject, length, style and difficulty as far as real ones vary; make some of them hard. Repeat none.",
    'Answer with a JSON array and nothing else: each item has "prompt", and "expected" (a short text that every right answer contains) or, where there is no such text, "rubric" (what makes an answer right).',
    `Examples:\n${JSON.stringify(examples)}`,
    ...(made.length === 0
      ? []
      : [`Already written:\n${made.map(({ prompt }) => prompt.slice(0, 80)).join("\n")}`]),
  ].join("\n\n");
}

/** As many prompts as asked for, each marked with the model that made it; none that is there already. */
export async function makePrompts(
  brief: Brief,
  model: Callable,
  count: number,
  key: string,
): Promise<readonly Prompt[]> {
  const made: Prompt[] = [];
  const seen = new Set(brief.examples.map(({ prompt }) => prompt.trim().toLowerCase()));
  let withoutNews = 0;
  while (made.length < count && withoutNews < MOST_REQUESTS_WITHOUT_NEWS) {
    const before = made.length;
    for (const item of parseAnswer(await ask(model, key, instructionsFor(brief, made)))) {
      const known = seen.has(item.prompt.trim().toLowerCase());
      if (known || made.length === count) continue;
      seen.add(item.prompt.trim().toLowerCase());
      made.push({ ...item, made_by: model.id });
    }
    withoutNews = made.length === before ? withoutNews + 1 : 0;
    console.error(`made ${made.length} of ${count}`);
  }
  return made;
}

async function ask(
  { baseUrl, upstream, request, id }: Callable,
  key: string,
  content: string,
): Promise<string> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: upstream, messages: [{ role: "user", content }], ...request }),
    signal: AbortSignal.timeout(300_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${id} answers ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text).choices[0].message.content;
}

/** The items of an answer that are prompts with a way to grade them; models like to put a fence around JSON. */
export function parseAnswer(answer: string): readonly Prompt[] {
  const [json = "[]"] = /\[[\s\S]*\]/.exec(answer) ?? [];
  let items: unknown;
  try {
    items = JSON.parse(json);
  } catch {
    return [];
  }
  return (Array.isArray(items) ? items : []).flatMap((item: Prompt | null): readonly Prompt[] => {
    const { prompt, expected, rubric } = item ?? {};
    if (typeof prompt !== "string" || prompt.trim() === "") return [];
    if (typeof expected === "string" && expected !== "") return [{ prompt, expected }];
    return typeof rubric === "string" && rubric !== "" ? [{ prompt, rubric }] : [];
  });
}
