import type { Predictor } from "../../src/core/predictor.ts";
import { type Random, seededRandom } from "../../src/numerics/random.ts";
import { pick } from "../fuzz/mutate.ts";
import { type EncoderDefense, embeddingOf, inputOf, type Seen, see, vocabulary } from "./embed.ts";

// The length that "Rerouting LLM Routers" (Shafran et al. 2025, arXiv 2501.01818) gives its confounder gadgets.
const GADGET_TOKENS = 10;
const PRESELECTED = 200;
const RANKED_ON = 4;
const WORDS_RANKED = 4000;
const TRIES = 12;
const ROUNDS = 2;
const ENOUGH_LEAD = 0.05;
// Scores this far below the best still count a third.
const NEARLY = 0.02;

/** How far a prompt is where the attacker wants it; more is better for the attacker. */
export type Goal = (predictor: Predictor, embedding: Float32Array) => number;

/** The lead of one model over the best other; what wins by much counts no more than what wins by little. */
export function towards(target: string): Goal {
  return (predictor, embedding) => {
    const { decisionScore } = predictor.predict(embedding);
    const own = predictor.models.indexOf(target);
    const others = decisionScore.filter((_, m) => m !== own);
    return Math.min(decisionScore[own] - Math.max(...others), ENOUGH_LEAD);
  };
}

/** The mean score of what would be chosen, by models that are nearly as good in part, taken negative. */
export function towardsWeak(meanScores: ReadonlyMap<string, number>): Goal {
  return ({ models, predict }, embedding) => {
    const { decisionScore } = predict(embedding);
    const best = Math.max(...decisionScore);
    const shares = decisionScore.map((score) => Math.exp((score - best) / NEARLY));
    const sum = shares.reduce((total, part) => total + part, 0);
    return -models.reduce(
      (total, model, m) => total + (shares[m] / sum) * (meanScores.get(model) as number),
      0,
    );
  };
}

/**
 * One piece of text that, put after any prompt, brings the router nearest to the goal: words are preselected by what
 * each does through the lexical view alone, then put together by hill climbing with the whole encoder, as in Shafran et
 * al. It is tuned on `prompts` and must be measured on others. `defense` is one that the attacker knows of.
 */
export async function searchGadget(
  predictor: Predictor,
  goal: Goal,
  prompts: readonly string[],
  seed: number,
  defense: EncoderDefense = "none",
): Promise<string> {
  const random = seededRandom(seed);
  const liking = async (seen: Seen) => goal(predictor, await embeddingOf(seen, defense));
  const words = await preselect(liking, prompts.slice(0, RANKED_ON), random);
  const gadget: string[] = [];
  let best = await pull(liking, prompts, "");
  for (let step = 0; step < GADGET_TOKENS * ROUNDS; step++) {
    const place = step % GADGET_TOKENS;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const candidate = [...gadget.slice(0, place), pick(words, random), ...gadget.slice(place + 1)];
      const pulled = await pull(liking, prompts, candidate.join(" "));
      if (pulled <= best) continue;
      best = pulled;
      gadget.splice(0, gadget.length, ...candidate);
    }
  }
  return gadget.join(" ");
}

/** The goal for a text as the encoder sees it. */
type Liking = (seen: Seen) => Promise<number>;

async function pull(liking: Liking, prompts: readonly string[], gadget: string): Promise<number> {
  const pulls = await Promise.all(prompts.map(async (prompt) => liking(await see(`${prompt} ${gadget}`))));
  return pulls.reduce((sum, value) => sum + value, 0) / prompts.length;
}

async function preselect(
  liking: Liking,
  prompts: readonly string[],
  random: Random,
): Promise<readonly string[]> {
  const whole = vocabulary.filter((piece) => /^[a-z]{3,}$/.test(piece));
  const drawn = Array.from({ length: WORDS_RANKED }, () => pick(whole, random));
  const contexts = await Promise.all(prompts.map(see));
  const ranked: { word: string; lead: number }[] = [];
  for (const word of new Set(drawn)) {
    let lead = 0;
    for (const [k, prompt] of prompts.entries()) {
      const input = inputOf(`${prompt} ${`${word} `.repeat(GADGET_TOKENS)}`);
      const context = contexts[k]?.context as Float32Array;
      lead += await liking({ context, input });
    }
    ranked.push({ word, lead });
  }
  return ranked
    .toSorted((a, b) => b.lead - a.lead || (a.word < b.word ? -1 : 1))
    .slice(0, PRESELECTED)
    .map(({ word }) => word);
}
