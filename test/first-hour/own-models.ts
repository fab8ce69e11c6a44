import { seededRandom } from "../../src/numerics/random.ts";

const words = ["apple", "river", "window", "teacher", "winter", "bridge", "letter", "garden"];
/** Chance of a right answer, by task. */
const chances = {
  sums: { "own-small": 0.5, "own-numbers": 0.95, "own-words": 0.3, "own-large": 0.9 },
  french: { "own-small": 0.6, "own-numbers": 0.3, "own-words": 0.93, "own-large": 0.9 },
} as const;

/** A table of four models of one's own on 300 prompts of two tasks: made up, the same each time. */
export function ownResults(): string {
  const random = seededRandom(1);
  const number = () => 10 + Math.floor(90 * random());
  const word = () => words[Math.floor(words.length * random())];
  const rows = ["task,prompt,own-small,own-numbers,own-words,own-large"];
  for (let i = 0; i < 150; i++) {
    const scores = (task: keyof typeof chances) =>
      Object.values(chances[task]).map((chance) => Number(random() < chance));
    rows.push(`sums,What is ${number()} times ${number()} plus ${i}?,${scores("sums").join(",")}`);
    const phrase = `Translate into French: the ${word()} by the ${word()} has ${number()} years and ${i} days.`;
    rows.push(`french,${phrase},${scores("french").join(",")}`);
  }
  return `${rows.join("\n")}\n`;
}

/** A catalogue with every model at one provider of this machine, and what is null in it filled in. */
export function withProvider(text: string, baseUrl: string): string {
  const catalogue = JSON.parse(text);
  catalogue.providers = { home: { base_url: baseUrl, key_name: "HOME_API_KEY" } };
  for (const [id, model] of Object.entries<Record<string, unknown>>(catalogue.models)) {
    const price = model["usd_per_million_tokens"] as Readonly<Record<string, unknown>>;
    Object.assign(model, {
      provider: "home",
      upstream: id,
      ...(price["input"] === null ? { usd_per_million_tokens: { input: 0.2, output: 0.8 } } : {}),
      context_tokens: model["context_tokens"] ?? 32_000,
      max_output_tokens: model["max_output_tokens"] ?? 4000,
    });
  }
  return JSON.stringify(catalogue);
}
