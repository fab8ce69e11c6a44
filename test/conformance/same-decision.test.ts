import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEncoder } from "../../src/cli/encoder.ts";
import { unwrap } from "../../src/cli/failure.ts";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import type { Explanation, RouteResponse } from "../../src/contract/route.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import type { Catalogue } from "../../src/core/catalogue.ts";
import { type DecisionRequest, decide } from "../../src/core/decide.ts";
import type { Predictor } from "../../src/core/predictor.ts";
import { dayOf } from "../../src/core/service-life.ts";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { texts } from "../encoder/simd-files.ts";
import { startTestWorker, testCatalogue } from "./test-worker.ts";

// The simd backend rounds activations otherwise than the onnx one, to 7 bits on CPUs without VNNI: decision scores part
// by up to this much (docs/api.md). Whatever wins by more, wins with both.
const SCORE_ERROR = 0.015;
/** Where the same engine computes, only the last bits of doubles on the way through JSON may differ. */
const SAME_ENGINE_ERROR = 1e-6;

const prompts = [
  ...texts.filter((text) => text.trim() !== ""),
  "Find all integer solutions of x^2 - 7y^2 = 1 with x below 1000.",
  "A shop sells pens at 3 for 2 euros. How much do 21 pens cost?",
  "Which enzyme unwinds the double helix before replication? A) ligase B) helicase C) primase D) polymerase",
  "Write a SQL query that returns the second highest salary of each department.",
  "Summarize in two sentences why the Hanseatic League declined.",
  "Sort these words by their last letter: otter, crane, viper, sheep, tiger.",
  "Is it legal to record a telephone call in a state that asks for the consent of both parties?",
  "Explain recursion to a child.",
];
/** Other scripts, emoji, next to nothing, and far more than the encoder reads. */
const strangePrompts = [
  "为什么天空是蓝色的？请用两句话解释。",
  "Warum ist der Himmel blau? Erkläre es in zwei Sätzen.",
  "🚂🚦🙂",
  ".",
  "\u00a0?\n",
  "A very long report about rails, sleepers and signals. ".repeat(190).slice(0, 10_000),
];
const quality: DecisionRequest["rule"] = { kind: "quality" };
const rules: Readonly<Record<string, { body: object; rule: DecisionRequest["rule"] }>> = {
  quality: { body: {}, rule: quality },
  "spend .2": { body: { spend: 0.2 }, rule: { kind: "spend", spend: 0.2 } },
  "tolerance .05": { body: { tolerance: 0.05 }, rule: { kind: "tolerance", tolerance: 0.05 } },
};
const dataFolder = new URL("../../../shared/data/", import.meta.url);
const suites = ["llmrouter-test", "mmlu-pro", "reasoning-gym", "routellm", "scale-sql", "zeroeval"];
const PROMPTS_PER_SUITE = 34;
const providerUrl = "http://127.0.0.1:9/v1";

let encoder: Encoder;
let predictor: Predictor;
let catalogue: Catalogue;
const workers = new Map<string, LocalWorker>();
/** Of the reference, which is asked by several rules. */
const embeddings = new Map<string, Float32Array>();

beforeAll(async () => {
  encoder = await openEncoder();
  const bundle = await readFile(new URL("../../models/default/bundle.safetensors", import.meta.url));
  predictor = unwrap(loadPredictor(new Uint8Array(bundle)));
  catalogue = unwrap(parseCatalogue(await testCatalogue(providerUrl)));
  for (const backend of ["onnx", "simd"]) {
    workers.set(backend, await startTestWorker({ providerUrl, variables: { ENCODER_BACKEND: backend } }));
  }
});
afterAll(() => Promise.all([...workers.values()].map((worker) => worker.stop())));

type Scores = ReadonlyMap<string, number>;
interface Judged {
  readonly model: string;
  readonly scores: Scores;
  readonly pCorrect: Scores;
  /** Whether the prompt was too unfamiliar for more than averages. */
  readonly isOnAverage: boolean;
}

async function judgeInWorkerd(backend: string, prompt: string, body: object): Promise<Judged> {
  const response = await fetch(`${workers.get(backend)?.origin}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt, explain: true, ...body }),
  });
  const { model, explanation } = (await response.json()) as RouteResponse;
  const { models, best_on_average: isOnAverage } = explanation as Explanation;
  return {
    model,
    isOnAverage,
    scores: new Map(models.map((each) => [each.model, each.decision_score])),
    pCorrect: new Map(models.map((each) => [each.model, each.p_correct])),
  };
}

/** What `signalbox route` does. */
async function judgeInNode(encoder: Encoder, prompt: string, rule: DecisionRequest["rule"]): Promise<Judged> {
  const embedding = embeddings.get(prompt) ?? (await encoder.embed(prompt));
  embeddings.set(prompt, embedding);
  const prediction = predictor.predict(embedding, encoder.readable(prompt));
  const inputTokens = estimateInputTokens([{ role: "user", content: prompt }]);
  const request = { inputTokens, require: { capabilities: [] }, rule, today: dayOf(Date.now()) };
  const { model, ranking } = unwrap(decide(predictor, catalogue, prediction, request));
  return {
    model,
    isOnAverage: prediction.onAverage,
    scores: new Map(ranking.map((each) => [each.model, each.decisionScore])),
    pCorrect: new Map(ranking.map((each) => [each.model, each.pCorrect])),
  };
}

/** Evenly from the suites, and evenly within each. */
function realPrompts(): readonly string[] {
  return suites.flatMap((suite) => {
    const file = gunzipSync(readFileSync(new URL(`${suite}/outcomes.jsonl.gz`, dataFolder)));
    const lines = file.toString().trim().split("\n");
    return Array.from({ length: PROMPTS_PER_SUITE }, (_, k) => {
      const line = lines[Math.floor((k * lines.length) / PROMPTS_PER_SUITE)] as string;
      return (JSON.parse(line) as { prompt: string }).prompt;
    });
  });
}

function largestDifference(a: Scores, b: Scores): number {
  return Math.max(...Array.from(a, ([model, score]) => Math.abs(score - (b.get(model) ?? Number.NaN))));
}

/** Best first. */
function byScore({ scores }: Judged): [[string, number], ...[string, number][]] {
  return [...scores].toSorted(([, a], [, b]) => b - a) as [[string, number], ...[string, number][]];
}

describe("one bundle, one prompt, one decision", () => {
  it("workerd's onnx backend and `signalbox route` agree to the last bits, on every CPU", async () => {
    for (const prompt of [...prompts, ...strangePrompts]) {
      for (const { body, rule } of Object.values(rules)) {
        const [a, b] = [await judgeInWorkerd("onnx", prompt, body), await judgeInNode(encoder, prompt, rule)];
        expect(a.model).toBe(b.model);
        expect(largestDifference(a.scores, b.scores)).toBeLessThan(SAME_ENGINE_ERROR);
        expect(largestDifference(a.pCorrect, b.pCorrect)).toBeLessThan(SAME_ENGINE_ERROR);
      }
    }
  });

  it("and on real prompts", async ({ skip }) => {
    if (!existsSync(dataFolder)) return skip("there is no ../shared/data with <suite>/outcomes.jsonl.gz");
    let largest = 0;
    for (const prompt of realPrompts()) {
      const [a, b] = [await judgeInWorkerd("onnx", prompt, {}), await judgeInNode(encoder, prompt, quality)];
      expect(a.model).toBe(b.model);
      largest = Math.max(largest, largestDifference(a.pCorrect, b.pCorrect));
    }
    expect(largest).toBeLessThan(SAME_ENGINE_ERROR);
  });

  it("workerd's onnx and simd agree where the best is ahead by more than their error", async () => {
    let compared = 0;
    let atTheEdge = 0;
    let largest = 0;
    for (const prompt of prompts) {
      const reference = await judgeInWorkerd("onnx", prompt, {});
      const other = await judgeInWorkerd("simd", prompt, {});
      largest = Math.max(largest, largestDifference(reference.pCorrect, other.pCorrect));
      // Between trusted and not the choice changes its ground; a prompt at that edge may fall on either side of it.
      if (reference.isOnAverage !== other.isOnAverage) {
        atTheEdge++;
        continue;
      }
      largest = Math.max(largest, largestDifference(reference.scores, other.scores));
      // The best of all stand closer together than two backends do: it meets the first that it beats by more.
      const [[best, score], ...others] = byScore(reference);
      const beaten = others.find((each) => score - each[1] > 2 * SCORE_ERROR);
      if (beaten === undefined) continue;
      compared++;
      expect((await judgeInWorkerd("simd", prompt, { models: [best, beaten[0]] })).model).toBe(best);
    }
    expect(largest).toBeLessThan(SCORE_ERROR);
    expect(compared).toBeGreaterThan(prompts.length / 2);
    expect(atTheEdge).toBeLessThan(prompts.length / 8);
  });
});
