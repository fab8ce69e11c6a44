import { describe, expect, test } from "vitest";
import { parseServerTiming } from "../../src/playground/api/timing.ts";
import { frontierOf } from "../../src/playground/chart/frontier.ts";
import { placeLabels } from "../../src/playground/chart/place-labels.ts";
import { logScale, shareScale } from "../../src/playground/chart/scale.ts";
import { isAsked, singlePrompt, toRequest } from "../../src/playground/conversation/conversation.ts";
import { keySentence } from "../../src/playground/decision/sentences.ts";
import { percent, points, priceAgainst, tokens, usdPerThousand } from "../../src/playground/format.ts";
import { standardSettings, toOptions } from "../../src/playground/settings/settings.ts";

describe("the frontier", () => {
  const point = (model: string, usd: number, pCorrect: number) => ({ model, usd, pCorrect });

  test("keeps what nothing beats in cost and correctness, cheapest first", () => {
    const cheap = point("cheap", 1, 0.5);
    const good = point("good", 3, 0.9);
    const beaten = point("beaten", 4, 0.9);
    const middle = point("middle", 2, 0.7);
    const worse = point("worse", 2, 0.6);
    expect(frontierOf([beaten, good, worse, cheap, middle])).toEqual([cheap, middle, good]);
  });

  test("of equals keeps the first by name, whatever their order", () => {
    const [a, b] = [point("a", 1, 0.5), point("b", 1, 0.5)];
    expect(frontierOf([b, a])).toEqual([a]);
    expect(frontierOf([a, b])).toEqual([a]);
    expect(frontierOf([])).toEqual([]);
  });
});

describe("scales", () => {
  test("a logarithmic one puts equal ratios at equal distances, and what is free at the left edge", () => {
    const { at, ticks } = logScale([0.02, 20, 0], [0, 100]);
    expect(at(2) - at(0.2)).toBeCloseTo(at(20) - at(2));
    expect(at(0)).toBe(0);
    expect(ticks).toEqual([0.1, 1, 10]);
  });

  test("a logarithmic one of equal prices still has a width", () => {
    expect(Number.isFinite(logScale([3, 3], [0, 100]).at(3))).toBe(true);
  });

  test("shares span ten points at least and are marked at round values", () => {
    const { at, ticks } = shareScale([0.91, 0.92], [100, 0]);
    expect(at(0.91)).toBeLessThan(100);
    expect(ticks.every((tick) => Math.abs(tick * 50 - Math.round(tick * 50)) < 1e-6)).toBe(true);
  });
});

test("labels never cover each other and stay within their frame", () => {
  const crowd = Array.from({ length: 30 }, (_, index) => ({
    text: `model-${index}`,
    x: 40 + index * 7,
    y: 50,
  }));
  const placed = placeLabels(crowd, [], { left: 0, right: 300, top: 0, bottom: 100 });
  expect(placed.length).toBeGreaterThan(2);
  const boxes = placed.map(({ text, x, y, anchor }) => {
    const width = text.length * 6.3;
    const left = anchor === "start" ? x : x - width;
    return { left, right: left + width, top: y - 10, bottom: y };
  });
  for (const { left, right, top, bottom } of boxes) {
    expect([left >= 0, right <= 300, top >= 0, bottom <= 100]).toEqual([true, true, true, true]);
    const covered = boxes.filter(
      (other) => left < other.right && other.left < right && top < other.bottom && other.top < bottom,
    );
    expect(covered).toHaveLength(1); // itself
  }
  expect(new Set(placed.map(({ text }) => text)).size).toBe(placed.length);
});

test("numbers read as people write them", () => {
  expect([0.873, 0.999, 1, 0.001, 0].map(percent)).toEqual(["87%", ">99%", "100%", "<1%", "0%"]);
  expect([0.12, 0.022, 0.01, 0].map(points)).toEqual(["12 points", "2.2 points", "1 point", "0 points"]);
  expect([0.128, 0.00889, 0.000026, 0].map(usdPerThousand)).toEqual(["$128", "$8.89", "$0.026", "$0"]);
  expect([8192, 131_072, 2_097_152].map(tokens)).toEqual(["8k", "131k", "2.1M"]);
  expect([1, 1.5, 30].map((usd) => priceAgainst(usd, 2))).toEqual([
    "50% cheaper",
    "25% cheaper",
    "15 times the price",
  ]);
});

test("the timing header is read stage by stage; entries without a duration are left out", () => {
  expect(parseServerTiming("state;dur=0.10, embed;desc=x;dur=4, cache")).toEqual([
    { name: "state", ms: 0.1 },
    { name: "embed", ms: 4 },
  ]);
  expect(parseServerTiming(null)).toEqual([]);
});

describe("requests", () => {
  test("a lone user turn is a prompt, several turns are messages without the empty ones", () => {
    expect(toRequest(singlePrompt("Hello"))).toEqual({ prompt: "Hello" });
    const chat = {
      turns: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "" },
        { role: "user", content: "And now?" },
      ],
      routeOn: "last",
      currentModel: "gpt-5.4",
    } as const;
    expect(toRequest(chat)).toEqual({
      messages: [chat.turns[0], chat.turns[2]],
      route_on: "last",
      current_model: "gpt-5.4",
    });
    expect(isAsked(singlePrompt("  "))).toBe(false);
  });

  test("settings send their one rule and only the filters that are set", () => {
    expect(toOptions({ ...standardSettings, rule: "quality" })).toEqual({ objective: "quality" });
    expect(
      toOptions({
        ...standardSettings,
        spend: 0.2,
        models: "gpt-4o*, claude-*",
        require: ["vision"],
        contextTokens: 32_000,
        ceiling: "2.5",
      }),
    ).toEqual({
      spend: 0.2,
      models: ["gpt-4o*", "claude-*"],
      require: { context_tokens: 32_000, vision: true },
      max_usd: 0.0025,
    });
  });
});

describe("models that chat has no key for", () => {
  test("are left out where the filter asks for it, beside what else is excluded", () => {
    const settings = { ...standardSettings, exclude: "x" };
    expect(toOptions(settings, ["a", "b"]).exclude).toEqual(["x"]);
    expect(toOptions({ ...settings, withKey: true }, ["a", "b"]).exclude).toEqual(["x", "a", "b"]);
    expect(toOptions({ ...standardSettings, withKey: true }, [])).not.toHaveProperty("exclude");
  });

  test("are told beside a decision, with the way out where there is one", () => {
    const ranking = ["a", "b"].map((model) => ({ model, p_correct: 0.5, expected_usd: 0.001 }));
    const response = { model: "a", ranking } as unknown as Parameters<typeof keySentence>[0];
    expect(keySentence(response, ["a"])).toContain('"With a key" among the filters');
    expect(keySentence(response, ["a", "b"])).toContain("no key of any provider");
  });
});
