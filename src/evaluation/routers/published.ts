import { loadPredictor } from "../../core/bundle.ts";
import { normal, seededRandom } from "../../numerics/random.ts";
import type { Dataset } from "../../training/dataset.ts";
import {
  applyPublished,
  countOutcomes,
  type PublishedScores,
} from "../../training/evidence/apply-published.ts";
import type { StatedScore } from "../../training/evidence/published-scores.ts";
import { PUBLISHED_SD } from "../../training/evidence/variances.ts";
import { fitRouter } from "../../training/fit-router.ts";
import type { Router } from "../router.ts";
import { fittedRouter } from "./bundle.ts";

/** The served router, told the mean scores of blocks (a model on a task) that it sees no outcome of. */
export function publishedRouter(published: PublishedScores): Router {
  return {
    name: "landmark-heads, published scores",
    async fit(train, seed) {
      const encoder = { id: "evaluation", checksum: "0".repeat(64), dimension: train.embeddings.columns };
      const bundle = await fitRouter(train, encoder, { kind: "landmark-heads", seed });
      if (!bundle.ok) throw new RangeError(bundle.failure.message);
      const { bundle: told } = applyPublished(bundle.value, published, {
        outcomesOn: countOutcomes(train),
        isWanted: () => false,
      });
      const predictor = loadPredictor(told);
      if (!predictor.ok) throw new RangeError(predictor.failure.message);
      return fittedRouter(predictor.value);
    },
  };
}

/** Mean scores of the blocks as others would have published them: measured elsewhere, so that they are a little off. */
export function publishBlocks(
  { models, tasks, taskOf, outcomes }: Dataset,
  isPublished: (task: number, model: number) => boolean,
  seed: number,
): PublishedScores {
  const sums = new Float64Array(tasks.length * models.length);
  const counts = new Float64Array(tasks.length * models.length);
  outcomes.data.forEach((value, k) => {
    if (Number.isNaN(value)) return;
    const block = taskOf[Math.floor(k / models.length)] * models.length + (k % models.length);
    sums[block] += value;
    counts[block]++;
  });
  const random = seededRandom(seed);
  const stated = (block: number): StatedScore => {
    const noisy = sums[block] / counts[block] + PUBLISHED_SD * normal(random);
    return { score: Math.min(Math.max(noisy, 0), 1), sd: PUBLISHED_SD };
  };
  return new Map(
    models.map((model, m) => [
      model,
      new Map(
        tasks.flatMap((task, d) => {
          const block = d * models.length + m;
          return counts[block] > 0 && isPublished(d, m) ? [[task, stated(block)] as const] : [];
        }),
      ),
    ]),
  );
}
