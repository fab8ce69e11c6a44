import { createHash } from "node:crypto";
import { fail, ok, type Result } from "../core/result.ts";
import type { OutcomeRecord } from "../outcomes/outcome.ts";
import type { ImportCode, Sample } from "./importer.ts";

const measures = ["outputChars", "outputTokens", "costUsd"] as const;

/** Sum and count, so that a model's repeated answers to one prompt can be averaged. */
interface Tally {
  sum: number;
  count: number;
}
type Tallies = Map<string, Tally>;

interface Joined {
  readonly first: Sample;
  readonly id: string;
  readonly scores: Tallies;
  readonly measured: Readonly<Record<(typeof measures)[number], Tallies>>;
}

/**
 * Brings the results of all models on one prompt together, in the order in which the prompts were first seen.
 * A prompt is known by task and id, or by its text where the tool gives no id. Repeated results of a model are
 * averaged.
 */
export class SampleJoin {
  readonly #byKey = new Map<string, Joined>();
  #repeats = 0;

  /** Results that were averaged into an earlier one of the same prompt and model. */
  get repeats(): number {
    return this.#repeats;
  }

  /** Fails where the id is that of another prompt: two versions of a task must not be mixed. */
  add(sample: Sample, file: string): Result<void, ImportCode> {
    const id = sample.id || hashPrompt(sample.prompt);
    const key = JSON.stringify([sample.task, id]);
    const joined = this.#byKey.get(key) ?? newJoined(sample, id);
    const { first } = joined;
    if ((first.fingerprint ?? first.prompt) !== (sample.fingerprint ?? sample.prompt)) {
      return fail(
        "prompt_mismatch",
        `${sample.place}: the prompt "${id}" of task "${sample.task}" is another one than at ${first.place}; import the files apart, with different --task names`,
        file,
      );
    }
    this.#byKey.set(key, isBarer(sample, first) ? { ...joined, first: { ...sample } } : joined);
    if (joined.scores.has(sample.model)) this.#repeats++;
    tally(joined.scores, sample.model, sample.score);
    for (const measure of measures) {
      const value = sample[measure];
      // Tools write -1 for a count that they don't know; outcomes leave such a number out.
      if (value !== undefined && value >= 0 && Number.isFinite(value)) {
        tally(joined.measured[measure], sample.model, value);
      }
    }
    return ok(undefined);
  }

  records(): readonly OutcomeRecord[] {
    return [...this.#byKey.values()].map(({ first, id, scores, measured }) => ({
      task: first.task,
      id,
      prompt: first.prompt,
      outcomes: means(scores),
      ...Object.fromEntries(
        measures.flatMap((measure) =>
          measured[measure].size > 0 ? [[measure, means(measured[measure])]] : [],
        ),
      ),
    }));
  }
}

/** Of two forms of one prompt the shorter has less of a template around it; equal lengths must not fall to the order. */
function isBarer({ prompt }: Sample, { prompt: other }: Sample): boolean {
  return prompt.length < other.length || (prompt.length === other.length && prompt < other);
}

function newJoined(first: Sample, id: string): Joined {
  const measured = { outputChars: new Map(), outputTokens: new Map(), costUsd: new Map() };
  return { first, id, scores: new Map(), measured };
}

function tally(tallies: Tallies, model: string, value: number): void {
  const current = tallies.get(model) ?? { sum: 0, count: 0 };
  current.sum += value;
  current.count++;
  tallies.set(model, current);
}

function means(tallies: Tallies): Record<string, number> {
  return Object.fromEntries([...tallies].map(([model, { sum, count }]) => [model, sum / count]));
}

/** 64 bits: enough that no two of a billion prompts meet by chance more often than once in forty runs. */
function hashPrompt(prompt: string): string {
  return createHash("sha256").update(prompt).digest("hex").slice(0, 16);
}
