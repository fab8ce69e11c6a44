import type { Matrix } from "../../numerics/matrix.ts";
import { permutation, seededRandom } from "../../numerics/random.ts";
import { chooseObserved, yieldOf } from "../../training/choose-observed.ts";
import { type Dataset, takePrompts } from "../../training/dataset.ts";
import type { Split } from "../protocols/split.ts";
import type { Router } from "../router.ts";
import { perturbations } from "./perturb.ts";

export interface RobustnessScores {
  /** Prompts that the change does change. */
  readonly prompts: number;
  /** Share of them that go to another model. */
  readonly changed_decisions: number;
  readonly score_before: number;
  readonly score_after: number;
  /** before - after */
  readonly cost: number;
}

export interface RobustnessReport {
  readonly router: string;
  readonly perturbations: Readonly<Record<string, RobustnessScores>>;
}

/** The prompts' texts, and what turns texts into embeddings. */
export interface Texts {
  /** [prompts] */
  readonly prompts: readonly string[];
  embed(texts: readonly string[]): Promise<Matrix>;
}

/** So many prompts give the share of changed decisions to about two percentage points. */
const MOST_PROMPTS = 1000;
/** Fewer say nothing. */
const FEWEST_PROMPTS = 20;

/**
 * Fits a router on one split and routes its test prompts as they are and with changes of their surface. Models are
 * taken to answer a changed prompt as they answered the original.
 */
export async function evaluateRobustness(
  dataset: Dataset,
  split: Split,
  router: Router,
  { prompts, embed }: Texts,
  seed: number,
): Promise<RobustnessReport> {
  const random = seededRandom(seed);
  const fitted = await router.fit(takePrompts(dataset, split.train), seed);
  const drawn = permutation(split.test.length, random)
    .subarray(0, MOST_PROMPTS)
    .map((k) => split.test[k]);
  const report: Record<string, RobustnessScores> = {};
  for (const [name, perturb] of Object.entries(perturbations)) {
    const texts = Array.from(drawn, (i) => perturb(prompts[i] as string, random));
    const changed = drawn.filter((i, k) => texts[k] !== prompts[i]);
    if (changed.length < FEWEST_PROMPTS) continue;
    const original = takePrompts(dataset, changed);
    const embeddings = await embed(texts.filter((text, k) => text !== prompts[drawn[k]]));
    const before = await fitted.predict(original);
    const after = await fitted.predict({ ...original, embeddings });
    report[name] = compareChoices(
      chooseObserved(before.decisionScore, original.outcomes),
      chooseObserved(after.decisionScore, original.outcomes),
      original.outcomes,
    );
  }
  return { router: router.name, perturbations: report };
}

function compareChoices(before: Matrix, after: Matrix, outcomes: Matrix): RobustnessScores {
  const prompts = outcomes.rows;
  // Half the absolute difference of the shares: 1 where the whole prompt moves, less where a tie does.
  const moved = before.data.reduce((sum, share, k) => sum + Math.abs(share - after.data[k]) / 2, 0);
  const [scoreBefore, scoreAfter] = [before, after].map(
    (shares) => yieldOf(shares, outcomes).reduce((sum, score) => sum + score, 0) / prompts,
  ) as [number, number];
  return {
    prompts,
    changed_decisions: moved / prompts,
    score_before: scoreBefore,
    score_after: scoreAfter,
    cost: scoreBefore - scoreAfter,
  };
}
