import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createBodyBudget } from "../../src/worker/http/body-budget.ts";

test("bodies fit in together or not at all, and are given back", () => {
  const budget = createBodyBudget(100);
  const [first, second] = [budget.open(), budget.open()];
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

test("what a dropped request held is given back with its memory", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const budget = createBodyBudget(100);
  budget.open().take(100);
  expect(budget.open().take(1)).toBe(false);
  await expect
    .poll(() => {
      collectGarbage();
      return budget.open().take(100);
    })
    .toBe(true);
});
