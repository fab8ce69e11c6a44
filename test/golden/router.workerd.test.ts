import { beforeAll, describe, expect, it } from "vitest";
import { post } from "../worker/client.ts";
import { seed } from "../worker/seed.ts";
import golden from "./router.json" with { type: "json" };

// The reference embeds with another runtime, whose int8 roundings differ in places.
const RUNTIME_DIFFERENCE = 0.02;

beforeAll(async () => {
  await seed();
});

describe("a decision in workerd, from the prompt on, equals the independent reference", () => {
  it.each(golden.cases)("$text", async ({ text, p_correct, model, margin }) => {
    const { status, body } = await post("/v1/route", { prompt: text });
    expect(status).toBe(200);
    const expected = p_correct as Record<string, number>;
    for (const candidate of body.ranking) {
      const difference = Math.abs(candidate.p_correct - expected[candidate.model]);
      expect(difference, candidate.model).toBeLessThan(RUNTIME_DIFFERENCE);
    }
    if (margin > RUNTIME_DIFFERENCE) expect(body.model).toBe(model);
  });
});
