import { beforeAll, expect, test } from "vitest";
import { startFreshWorker } from "./fresh-worker.ts";
import { seed } from "./seed.ts";

beforeAll(seed);

const prompts = [
  "A train leaves at 9:40 and arrives at 13:05. How long is the journey in minutes?",
  "Under the common law, which element distinguishes larceny from embezzlement?",
  "Write a Python function that returns the longest palindromic substring of a string.",
  "请用三句话解释量子纠缠。",
  "",
];

test("the simd backend decides as the onnx backend does", async () => {
  const onnx = startFreshWorker({ ENCODER_BACKEND: "onnx" });
  const simd = startFreshWorker({ ENCODER_BACKEND: "simd" });
  for (const text of prompts) {
    const body = { messages: [{ role: "user", content: text === "" ? [{ type: "image_url" }] : text }] };
    const [a, b] = [(await onnx.route(body)).body, (await simd.route(body)).body];
    expect(b.familiarity).toBeCloseTo(a.familiarity, 1);
    const probabilities = new Map(a.ranking.map(({ model, p_correct }: Ranked) => [model, p_correct]));
    for (const { model, p_correct } of b.ranking as readonly Ranked[]) {
      expect(Math.abs(p_correct - (probabilities.get(model) as number))).toBeLessThan(0.03);
    }
  }
  expect((await simd.send("/health")).body.encoder.backend).toBe("simd");
});

test("a backend that doesn't fit the encoder is told at once", async () => {
  const answer = await startFreshWorker({ ENCODER_BACKEND: "lexical" }).route();
  expect([answer.status, answer.body.error.code]).toEqual([503, "encoder_invalid"]);
  expect(answer.body.error.message).toContain("lexical");
});

interface Ranked {
  readonly model: string;
  readonly p_correct: number;
}
