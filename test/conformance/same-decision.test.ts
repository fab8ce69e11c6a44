import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundledEncoderDirectory, openEncoder } from "../../src/cli/encoder.ts";
import { unwrap } from "../../src/cli/failure.ts";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import type { Explanation, RouteResponse } from "../../src/contract/route.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import type { Catalogue } from "../../src/core/catalogue.ts";
import { type DecisionRequest, decide } from "../../src/core/decide.ts";
import type { Predictor } from "../../src/core/predictor.ts";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { createEncoder } from "../../src/encoder/encoder.ts";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { readEncoderFiles } from "../../src/training/node-session.ts";
import { texts } from "../encoder/simd-files.ts";
import { createWasmSession } from "../encoder/wasm-session.ts";
import { startTestWorker, testCatalogue } from "./test-worker.ts";

// The runtimes sum in different orders; where that moves an activation across a rounding boundary of its int8 scale,
// embeddings part, and decision scores by up to this much (docs/api.md). Whatever wins by more, wins everywhere.
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
const rules: Readonly<Record<string, { body: object; rule: DecisionRequest["rule"] }>> = {
  quality: { body: {}, rule: { kind: "quality" } },
  "spend .2": { body: { spend: 0.2 }, rule: { kind: "spend", spend: 0.2 } },
  "tolerance .05": { body: { tolerance: 0.05 }, rule: { kind: "tolerance", tolerance: 0.05 } },
};
const providerUrl = "http://127.0.0.1:9/v1";

let predictor: Predictor;
let catalogue: Catalogue;
const workers = new Map<string, LocalWorker>();

beforeAll(async () => {
  const bundle = await readFile(new URL("../../models/default/bundle.safetensors", import.meta.url));
  predictor = unwrap(loadPredictor(new Uint8Array(bundle)));
  catalogue = unwrap(parseCatalogue(await testCatalogue(providerUrl)));
  for (const backend of ["onnx", "simd"]) {
    workers.set(backend, await startTestWorker({ providerUrl, variables: { ENCODER_BACKEND: backend } }));
  }
}, 60_000);
afterAll(() => Promise.all([...workers.values()].map((worker) => worker.stop())));

type Scores = ReadonlyMap<string, number>;
interface Judged {
  readonly model: string;
  readonly scores: Scores;
  readonly pCorrect: Scores;
}

async function judgeInWorkerd(backend: string, prompt: string, body: object): Promise<Judged> {
  const response = await fetch(`${workers.get(backend)?.origin}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt, explain: true, ...body }),
  });
  const { model, explanation } = (await response.json()) as RouteResponse;
  const { models } = explanation as Explanation;
  return {
    model,
    scores: new Map(models.map((each) => [each.model, each.decision_score])),
    pCorrect: new Map(models.map((each) => [each.model, each.p_correct])),
  };
}

/** What `signalbox route` does. */
async function judgeInNode(encoder: Encoder, prompt: string, rule: DecisionRequest["rule"]): Promise<Judged> {
  const prediction = predictor.predict(await encoder.embed(prompt));
  const inputTokens = estimateInputTokens([{ role: "user", content: prompt }]);
  const request = { inputTokens, require: { capabilities: [] }, rule };
  const { model, ranking } = unwrap(decide(predictor, catalogue, prediction, request));
  return {
    model,
    scores: new Map(ranking.map((each) => [each.model, each.decisionScore])),
    pCorrect: new Map(ranking.map((each) => [each.model, each.pCorrect])),
  };
}

function largestDifference(a: Scores, b: Scores): number {
  return Math.max(...Array.from(a, ([model, score]) => Math.abs(score - (b.get(model) ?? Number.NaN))));
}

/** How far the best is ahead by decision score. */
function lead({ scores }: Judged): number {
  const [best = 0, second = 0] = [...scores.values()].toSorted((a, b) => b - a);
  return best - second;
}

describe("one bundle, one prompt, one decision", () => {
  it("workerd's onnx backend and onnxruntime-web in Node agree to the last bits", async () => {
    const files = await readEncoderFiles(bundledEncoderDirectory);
    const encoder = unwrap(await createEncoder(files, await createWasmSession(files)));
    for (const prompt of prompts) {
      for (const { body, rule } of Object.values(rules)) {
        const [a, b] = [await judgeInWorkerd("onnx", prompt, body), await judgeInNode(encoder, prompt, rule)];
        expect(a.model).toBe(b.model);
        expect(largestDifference(a.scores, b.scores)).toBeLessThan(SAME_ENGINE_ERROR);
        expect(largestDifference(a.pCorrect, b.pCorrect)).toBeLessThan(SAME_ENGINE_ERROR);
      }
    }
  }, 120_000);

  it("Node's native runtime, workerd's onnx and workerd's simd agree where the best is ahead by more than their error", async () => {
    const native = await openEncoder();
    let compared = 0;
    let largest = 0;
    for (const prompt of prompts) {
      const reference = await judgeInWorkerd("onnx", prompt, {});
      for (const other of [
        await judgeInWorkerd("simd", prompt, {}),
        await judgeInNode(native, prompt, { kind: "quality" }),
      ]) {
        largest = Math.max(largest, largestDifference(reference.scores, other.scores));
        if (lead(reference) <= 2 * SCORE_ERROR) continue;
        compared++;
        expect(other.model).toBe(reference.model);
      }
    }
    expect(largest).toBeLessThan(SCORE_ERROR);
    expect(compared).toBeGreaterThan(3);
  }, 120_000);
});
