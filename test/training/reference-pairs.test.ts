import { expect, it } from "vitest";
import { row } from "../../src/numerics/matrix.ts";
import { measureReference } from "../../src/training/reference-pairs.ts";
import { syntheticDataset } from "./synthetic.ts";

it("reference pairs equal a computation by hand, with a prompt's own family left out", async () => {
  const data = { ...syntheticDataset({ prompts: 60, tasks: 3 }), tasks: ["a@easy", "a@hard", "b"] };
  const { distances, accuracies } = await measureReference(data, 5);
  const dot = (i: number, j: number) =>
    row(data.embeddings, i).reduce((sum, value, k) => sum + value * row(data.embeddings, j)[k], 0);
  const familyOf = (i: number) => (data.taskOf[i] === 2 ? "b" : "a");
  for (let d = 0; d < 3; d++) {
    const prompts = Array.from({ length: 60 }, (_, i) => i).filter((i) => data.taskOf[i] === d);
    let distance = 0;
    let right = 0;
    for (const i of prompts) {
      const others = Array.from({ length: 60 }, (_, j) => j).filter((j) => familyOf(j) !== familyOf(i));
      const sorted = others.toSorted((p, q) => dot(i, q) - dot(i, p));
      const nearest = sorted.slice(0, 19);
      distance += nearest.reduce((sum, j) => sum + 1 - dot(i, j), 0) / nearest.length / prompts.length;
      const g = sorted.slice(0, 5).reduce((sum, j) => sum + row(data.outcomes, j)[0] / 5, 0);
      const y = row(data.outcomes, i)[0];
      right += (g > 0.5 ? y : 1 - y) / prompts.length;
    }
    expect(distances[d]).toBeCloseTo(distance, 5);
    expect(accuracies[d * 3]).toBeCloseTo(right, 6);
  }
});

it("a single family has nothing to be seen from", async () => {
  const data = syntheticDataset({ prompts: 20, tasks: 1 });
  const { distances, accuracies } = await measureReference(data, 5);
  expect([...distances]).toEqual([1]);
  expect([...accuracies]).toEqual([-1, -1, -1]);
});
