import { expect, it } from "vitest";
import { loadPredictor } from "../../src/core/bundle.ts";
import { row } from "../../src/numerics/matrix.ts";
import { applyPublished, countOutcomes } from "../../src/training/evidence/apply-published.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { syntheticDataset, syntheticEncoder } from "./synthetic.ts";

// Two suites of three tasks; model-0 ran the first only.
const whole = syntheticDataset({ prompts: 1800, models: 5, tasks: 6 });
const dataset = {
  ...whole,
  tasks: whole.tasks.map((task, d) => `${d < 3 ? "ran" : "new"}/${task}`),
  outcomes: {
    ...whole.outcomes,
    data: whole.outcomes.data.map((value, k) =>
      k % 5 === 0 && whole.taskOf[Math.floor(k / 5)] >= 3 ? Number.NaN : value,
    ),
  },
};

/** Mean probability of model-0 by suite. */
function meansOf(bundle: Uint8Array): { readonly ran: number; readonly new: number } {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) throw new Error(predictor.failure.message);
  const means = { ran: 0, new: 0 };
  for (let i = 0; i < 1800; i++) {
    const [p] = predictor.value.predict(row(dataset.embeddings, i)).pCorrect;
    means[dataset.taskOf[i] < 3 ? "ran" : "new"] += p / 900;
  }
  return means;
}

it("a published score of what an LLM did not run moves it there, and not what was measured", async () => {
  const fitted = await fitRouter(dataset, syntheticEncoder, { kind: "landmark-heads", seed: 0 });
  if (!fitted.ok) throw new Error(fitted.failure.message);
  const published = new Map([["model-0", new Map([["new", { score: 0.9, sd: 0.03 }]])]]);
  const { bundle, moved } = applyPublished(fitted.value, published, {
    outcomesOn: countOutcomes(dataset),
    isWanted: () => true,
  });
  expect(moved).toEqual(["model-0"]);
  const [before, after] = [meansOf(fitted.value), meansOf(bundle)];
  expect(after.new - before.new).toBeGreaterThan(0.2);
  const told = loadPredictor(bundle);
  if (!told.ok) throw new Error(told.failure.message);
  // Far from every prompt the order is that of the average.
  const { decisionScore, onAverage } = told.value.predict(row(dataset.embeddings, 0).map((value) => -value));
  const ordered = (scores: ArrayLike<number>) =>
    Array.from(scores, (_, m) => m).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  expect(onAverage).toBe(true);
  expect(ordered(decisionScore)).toEqual(ordered(told.value.priors));
  // 900 outcomes say where it stands to .015.
  expect(Math.abs(after.ran - before.ran)).toBeLessThan(0.03);
});
