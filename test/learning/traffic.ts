import type { LearningOutcome } from "../../src/learning/run-learning.ts";
import { row } from "../../src/numerics/matrix.ts";
import type { Random } from "../../src/numerics/random.ts";
import type { Dataset } from "../../src/training/dataset.ts";
import { openWorld } from "./world.ts";

/** How traffic is graded, and when it is learned from. */
export interface Grading {
  /** Share of the answers that somebody grades. */
  readonly graded: number;
  /** Share of the grades that say the opposite. */
  readonly wrong: number;
  /** API keys that the requests are spread over. */
  readonly keys: number;
  /** Wrong grades that one more key sends, spread over the traffic. */
  readonly poison: number;
  /** Requests between two runs; undefined: never. */
  readonly every: number | undefined;
  readonly minFeedback: number;
  readonly perKey: number;
}

export interface Played {
  /** [requests] of the model that was chosen. */
  readonly scores: Float64Array;
  readonly outcomes: readonly LearningOutcome[];
}

/** Prompts as requests: decided by what is live, graded, and learned from by the product's own run. */
export async function play(
  bundle: Uint8Array,
  dataset: Dataset,
  prompts: ArrayLike<number>,
  { graded, wrong, keys, poison, every, minFeedback, perKey }: Grading,
  random: Random,
): Promise<Played> {
  const world = await openWorld(bundle);
  let predictor = world.live();
  const column = predictor.models.map((model) => dataset.models.indexOf(model));
  const scoreOf = (prompt: number, m: number) =>
    dataset.outcomes.data[prompt * dataset.outcomes.columns + (column[m] as number)] as number;
  const scores = new Float64Array(prompts.length);
  const outcomes: LearningOutcome[] = [];
  let owed = 0;
  for (let i = 0; i < prompts.length; i++) {
    const prompt = prompts[i] as number;
    const embedding = row(dataset.embeddings, prompt) as Float32Array;
    const { decisionScore } = predictor.predict(embedding);
    const chosen = choose(decisionScore, (m) => !Number.isNaN(scoreOf(prompt, m)));
    const score = scoreOf(prompt, chosen);
    scores[i] = score;
    const model = predictor.models[chosen] as string;
    if (random() < graded) {
      const key = `key-${Math.floor(random() * keys)}`;
      world.grade({ model, score: random() < wrong ? 1 - score : score, embedding, key, at: i });
    }
    for (owed += poison / prompts.length; owed >= 1; owed--) {
      world.grade({ model, score: 1 - score, embedding, key: "poison", at: i });
    }
    if (every === undefined || (i + 1) % every !== 0) continue;
    const outcome = await world.learn({ minFeedback, perKey }, i);
    outcomes.push(outcome);
    if (outcome.kind === "published") predictor = world.live();
  }
  world.tables.sqlite.close();
  return { scores, outcomes };
}

/** The index of the highest value among those that count; the first of equal ones. */
export function choose(values: ArrayLike<number>, counts: (index: number) => boolean): number {
  let best = -1;
  for (let m = 0; m < values.length; m++) {
    if (counts(m) && (best < 0 || (values[m] as number) > (values[best] as number))) best = m;
  }
  return best;
}
