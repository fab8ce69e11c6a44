import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadPredictor } from "../../src/core/bundle.ts";
import encoderGolden from "./encoder.json" with { type: "json" };
import golden from "./router.json" with { type: "json" };

const bytes = readFileSync(new URL("../../models/default/bundle.safetensors", import.meta.url));

describe("the bundled router equals an independent reference", () => {
  it("on the bundle that the reference was made from", () => {
    expect(createHash("sha256").update(bytes).digest("hex"), "run test/golden/router.py again").toBe(
      golden.bundle,
    );
  });

  it.each(golden.cases)("$text", ({ text, p_correct, readable, familiarity, model }) => {
    const predictor = loadPredictor(bytes);
    if (!predictor.ok) throw new Error(predictor.failure.message);
    const embedding = encoderGolden.cases.find((item) => item.text === text)?.embedding ?? [];
    const prediction = predictor.value.predict(Float32Array.from(embedding), readable);
    const { models } = predictor.value;
    for (const [name, p] of Object.entries(p_correct)) {
      expect(Math.abs(prediction.pCorrect[models.indexOf(name)] - p), name).toBeLessThan(2e-4);
    }
    expect(prediction.familiarity).toBeCloseTo(familiarity, 3);
    const best = prediction.decisionScore.indexOf(Math.max(...prediction.decisionScore));
    expect(models[best]).toBe(model);
  });
});
