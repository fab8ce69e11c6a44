import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { kvKeys, parsePointer } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { readContents } from "../bench/subjects.ts";
import { rotateModels } from "../faults/other-bundle.ts";
import { checkDecisions } from "./check-decisions.ts";
import { lostFeedback } from "./lost-feedback.ts";
import type { Router } from "./soak-worker.ts";

// A soak proves nothing unless its checks can fail.

test("feedback that was lost, changed or made up is noticed", () => {
  const sent = new Map([
    ["a", 1],
    ["b", 0.5],
    ["c", 0],
  ]);
  const accepted = new Set(["a", "b"]);
  expect(
    lostFeedback(
      { sent, accepted },
      new Map([
        ["a", 1],
        ["b", 0.5],
      ]),
    ),
  ).toEqual([]);
  // Sent, stored, and the connection broke before the answer: nobody was told anything wrong.
  expect(lostFeedback({ sent, accepted }, new Map(sent))).toEqual([]);
  expect(lostFeedback({ sent, accepted }, new Map([["a", 1]])).length).toBe(1);
  expect(
    lostFeedback(
      { sent, accepted },
      new Map([
        ["a", 0],
        ["b", 0.5],
      ]),
    ).length,
  ).toBe(1);
  expect(
    lostFeedback(
      { sent, accepted },
      new Map([
        ["a", 1],
        ["b", 0.5],
        ["z", 1],
      ]),
    ).length,
  ).toBe(1);
});

test("a decision of another bundle than it names is noticed, and one out of turn", async () => {
  const contents = await readContents(fileURLToPath(new URL("../..", import.meta.url)), "lexical");
  const pointer = parsePointer(contents.get(kvKeys.active) as Uint8Array);
  if (!pointer.ok) throw new Error(pointer.failure.message);
  const original = contents.get(kvKeys.bundle(pointer.value.bundle)) as Uint8Array;
  const routers = (await Promise.all(
    [0, 7, 19].map(async (places) => {
      const bundle = rotateModels(original, places);
      return { folder: "", bundle, sha256: await checksumOf(bundle) };
    }),
  )) as unknown as readonly [Router, Router, Router];
  const catalogue = contents.get(kvKeys.catalogue(pointer.value.catalogue)) as Uint8Array;
  const check = (bundle: string, live: string, model: string, p_correct: number) =>
    checkDecisions(
      [
        {
          prompt: "What is 2 + 2?",
          options: {},
          sentAt: 1e6,
          receivedAt: 1e6,
          body: { bundle, model, p_correct },
        },
      ],
      "lexical",
      { routers, catalogue },
      [
        { begunAt: 0, seenAt: 0, pointer: { ...pointer.value, bundle: live } },
        { begunAt: 2e6, seenAt: 2e6, pointer: { ...pointer.value, bundle: routers[2].sha256 } },
      ],
    );
  const [first, second, third] = routers.map(({ sha256 }) => sha256) as [string, string, string];
  const [said] = await check(first, first, "nobody", 0);
  const [, model, p] = /offline (\S+) (\S+)$/.exec(said as string) as unknown as [string, string, string];
  expect(await check(first, first, model, Number(p))).toEqual([]);
  expect((await check(second, second, model, Number(p))).length).toBe(1);
  expect(await check(first, second, model, Number(p))).toEqual([expect.stringContaining("turn")]);
  expect(await check(third, first, model, Number(p))).toHaveLength(2);
  expect(await check("0".repeat(64), first, model, Number(p))).toEqual([
    expect.stringContaining("nobody published"),
  ]);
});
