import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createBodyBudget } from "../../src/worker/http/body-budget.ts";

test("bodies fit in together or not at all, and are given back", () => {
  const budget = createBodyBudget(100, 100);
  const [first, second] = [budget.open("app"), budget.open("app")];
  expect([first.take(60), second.take(50), second.take(40), first.take(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  first.release();
  first.release();
  expect([second.take(61), second.take(60)]).toEqual([false, true]);
});

test("one key holds its share at most, and the others have the rest", () => {
  const budget = createBodyBudget(100, 50);
  const greedy = Array.from({ length: 20 }, () => budget.open("alice"));
  expect(greedy.filter((share) => share.take(10))).toHaveLength(5);
  const bob = budget.open("bob");
  expect([bob.take(50), bob.take(1)]).toEqual([true, false]);
  greedy[0]?.release();
  expect([greedy[9]?.take(10), greedy[9]?.take(1)]).toEqual([true, false]);
  // Nobody is told apart where access is open.
  for (const share of [...greedy, bob]) share.release();
  expect(budget.open(undefined).take(100)).toBe(true);
});

test("what a dropped request held is given back with its memory", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const budget = createBodyBudget(100, 100);
  budget.open("app").take(100);
  expect(budget.open("app").take(1)).toBe(false);
  await expect
    .poll(() => {
      collectGarbage();
      return budget.open("app").take(100);
    })
    .toBe(true);
});
