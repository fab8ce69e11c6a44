import { expect, test } from "vitest";
import { runChaos } from "./chaos.ts";
import { answers, type Behavior, faults } from "./faults.ts";
import { type Asked, judgeRound } from "./judge.ts";
import type { Arrival } from "./provider.ts";

// The short form of `npm run chaos`.
test("whatever providers do: who could have answered did, once, and nothing follows a first byte", async () => {
  const report = await runChaos({ requests: 144, seed: 7, attemptTimeoutMs: 1000 });
  expect(report.broken).toEqual([]);
  expect(Object.keys(report.ends).length).toBe(3);
  const ended = Object.values(report.ends).flatMap((each) => Object.entries(each));
  for (const end of ["answered", "broke off", "caller's mistake", "nobody could"]) {
    expect([end, ended.some(([name, count]) => name === end && count > 0)]).toEqual([end, true]);
  }
});

const named = (name: string) => [...answers, ...faults].find((each) => each.name === name) as Behavior;
const good = named("answers");
const call = { surface: "chat/completions", upstream: "m", streams: false } as const;
const arrival = (id: number, place: string, behavior: Behavior, at = 0): Arrival => ({
  ...{ id, call, place, behavior, at, doneAt: at },
});
const asked = (fields: Partial<Asked> & { readonly attempts: number }): Asked => ({
  ...{ id: 0, caller: "x", streams: false, places: ["a m", "b m"], startedAt: 0, endedAt: 1 },
  ...{ status: 200, text: good.text?.(call) ?? "", broke: false },
  headers: new Headers({
    "x-signalbox-attempts": String(fields.attempts),
    "x-signalbox-model": "m",
  }),
  ...fields,
});
const failed = { status: 502, text: '{"error":{}}' };

// What the run would say of a Worker that does it wrong.
test.each<[string, readonly Asked[], readonly Arrival[]]>([
  ["would have answered", [asked({ attempts: 1, ...failed })], [arrival(0, "a m", named("closes"))]],
  ["1 attempts after", [asked({ attempts: 2 })], [arrival(0, "a m", good), arrival(0, "b m", good)]],
  [
    "was asked at rest",
    [asked({ attempts: 1, id: 1 })],
    [arrival(0, "a m", named("429 rate_limit_exceeded")), arrival(1, "a m", good, 100)],
  ],
  [
    "one was asked twice",
    [asked({ attempts: 2 })],
    [arrival(0, "a m", named("closes")), arrival(0, "a m", good)],
  ],
  [
    "and 1 were told",
    [asked({ attempts: 1 })],
    [arrival(0, "b m", named("closes")), arrival(0, "a m", good)],
  ],
  ["not what", [asked({ attempts: 1, text: "{}" })], [arrival(0, "a m", good)]],
  ["not what", [asked({ attempts: 1, broke: true })], [arrival(0, "a m", good)]],
  ["another model", [asked({ attempts: 1, headers: new Headers() })], [arrival(0, "a m", good)]],
  ["status 200", [asked({ attempts: 1 })], [arrival(0, "a m", named("400 content_filter"))]],
  [
    "first refusal",
    [asked({ attempts: 1, ...failed, places: ["a m"] })],
    [arrival(0, "a m", named("413 request_too_large"))],
  ],
  [
    "failed with 500",
    [asked({ attempts: 1, ...failed, status: 500, places: ["a m"] })],
    [arrival(0, "a m", named("closes"))],
  ],
  [
    "before one that is well",
    [asked({ attempts: 2, id: 1, startedAt: 50, endedAt: 60 })],
    [
      arrival(0, "a m", named("404 model_not_found")),
      arrival(1, "a m", named("closes"), 51),
      arrival(1, "b m", good, 52),
    ],
  ],
])("the run tells where %j", (sentence, round, arrivals) => {
  const earlier = asked({ attempts: 1 });
  const rounds = round.some(({ id }) => id === 0) ? round : [earlier, ...round];
  expect(judgeRound(rounds, arrivals, () => good, 1000).join("\n")).toContain(sentence);
});

test("the run has nothing to say of what is right", () => {
  expect(judgeRound([asked({ attempts: 1 })], [arrival(0, "a m", good)], () => good, 1000)).toEqual([]);
});
