import { beforeAll, describe, expect, it } from "vitest";
import { loadPredictor } from "../../src/core/bundle.ts";
import { catalogueWithoutPrices } from "../../src/core/catalogue.ts";
import { choose } from "../../src/core/policy.ts";
import type { Predictor } from "../../src/core/predictor.ts";
import { readSafetensors, writeSafetensors } from "../../src/core/safetensors.ts";
import { isSafeByWords } from "../../src/core/words-first.ts";
import { row, takeRows } from "../../src/numerics/matrix.ts";
import { addModel } from "../../src/training/add-model.ts";
import type { Dataset } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { takeLexicalView } from "../../src/training/words/lexical-view.ts";
import { syntheticDataset, syntheticEncoder, withLexicalView } from "./synthetic.ts";

const encoder = { ...syntheticEncoder, dimension: 32 };
const view = { offset: 16, dimension: 16 };
const plain = syntheticDataset({ prompts: 600, models: 4 });
const dataset = withLexicalView(plain, 1);
const free = catalogueWithoutPrices(plain.models);
const catalogue = {
  ...free,
  models: Object.fromEntries(
    Object.entries(free.models).map(([id, model], m) => [
      id,
      { ...model, price: { input: m + 1, cachedInput: m + 1, output: 10 * (m + 1) } },
    ]),
  ),
};

async function train(words = true, prompts = dataset): Promise<Uint8Array> {
  const options = { kind: "landmark-heads", seed: 0, catalogue } as const;
  const fitted = await fitRouter(prompts, encoder, words ? { ...options, words: view } : options);
  if (!fitted.ok) throw new Error(fitted.failure.message);
  return fitted.value;
}

function load(bytes: Uint8Array): Predictor {
  const loaded = loadPredictor(bytes);
  if (!loaded.ok) throw new Error(loaded.failure.message);
  return loaded.value;
}

/** Of the prompts, by the rule quality. */
function shareByWords(predictor: Predictor, { embeddings, ids }: Dataset): number {
  const { words, models } = predictor;
  if (words === undefined) throw new Error("the bundle has no lexical set of heads");
  const views = takeLexicalView({ ...dataset, embeddings }, view).embeddings;
  const safe = ids.filter((_, i) => {
    const prediction = words.predict(row(views, i));
    const candidates = models.map((model, m) => ({
      model,
      pCorrect: prediction.pCorrect[m] as number,
      decisionScore: prediction.decisionScore[m] as number,
      expectedUsd: 0,
    }));
    const choice = choose(candidates, { kind: "quality" });
    return (
      choice.ok && isSafeByWords({ models, words }, prediction, choice.value.ranking, { kind: "quality" })
    );
  });
  return safe.length / ids.length;
}

describe("a bundle with a lexical set of heads", () => {
  let bundle: Uint8Array;
  let predictor: Predictor;
  beforeAll(async () => {
    bundle = await train();
    predictor = load(bundle);
  });

  it("has all that it has without one, to the bit", async () => {
    const without = load(await train(false));
    expect(without.words).toBeUndefined();
    for (let i = 0; i < 20; i++) {
      const embedding = row(dataset.embeddings, i);
      expect(predictor.predict(embedding)).toEqual(without.predict(embedding));
    }
  });

  it("predicts from the lexical view as one that was trained on it alone", async () => {
    const alone = takeLexicalView(dataset, view);
    const fitted = await fitRouter(alone, { ...encoder, dimension: 16 }, { kind: "landmark-heads", seed: 0 });
    if (!fitted.ok) throw new Error(fitted.failure.message);
    const expected = load(fitted.value);
    for (let i = 0; i < 20; i++) {
      const embedding = row(alone.embeddings, i);
      const [own, other] = [predictor.words?.predict(embedding), expected.predict(embedding)];
      for (const name of ["pCorrect", "decisionScore"] as const) {
        // In half precision.
        other[name].forEach((value, m) => {
          expect(Math.abs((own?.[name][m] as number) - value)).toBeLessThan(0.003);
        });
      }
    }
  });

  it("lets words decide fewer prompts where they tell less", async () => {
    const clear = withLexicalView(plain, 0);
    const byWords = shareByWords(load(await train(true, clear)), clear);
    expect(byWords).toBeGreaterThan(0.5);
    expect(shareByWords(predictor, dataset)).toBeLessThan(byWords);
  });

  it("has a bound for each rule, and none for what was not learned", () => {
    const { words } = predictor;
    const rules = [
      { kind: "tolerance", tolerance: 0.02 },
      { kind: "min_p_correct", minPCorrect: 0.7 },
      { kind: "lambda_usd", lambdaUsd: predictor.lambdaUsdOfSpend(0.5) as number },
    ] as const;
    for (const rule of rules) expect(words?.assuranceNeeded(rule)).toBeGreaterThanOrEqual(0);
    expect(words?.assuranceNeeded({ kind: "lambda_usd", lambdaUsd: 1e-12 })).toBe(Number.POSITIVE_INFINITY);
  });

  it("gets the row of a new LLM in both sets of heads", () => {
    const prompts = Int32Array.from({ length: 200 }, (_, i) => i);
    const extended = addModel(bundle, {
      model: "newcomer",
      embeddings: takeRows(dataset.embeddings, prompts),
      // As good as the first one, each time.
      outcomes: Float64Array.from(prompts, (i) => row(dataset.outcomes, i)[0] as number),
    });
    if (!extended.ok) throw new Error(extended.failure.message);
    const { models, words } = load(extended.value);
    expect(models).toEqual([...plain.models, "newcomer"]);
    const views = takeLexicalView(dataset, view).embeddings;
    const apart = [0, 0, 0, 0];
    for (let i = 300; i < 340; i++) {
      const pCorrect = words?.predict(row(views, i)).pCorrect ?? [];
      apart.forEach((sum, m) => {
        apart[m] = sum + Math.abs((pCorrect[4] as number) - (pCorrect[m] as number)) / 40;
      });
    }
    expect(apart[0]).toBeLessThan(0.1);
    expect(apart[0]).toBe(Math.min(...apart));
  });

  it.each<[string, (header: Header) => unknown, RegExp]>([
    ["without margins", (words) => ({ ...words, safe: {} }), /words\.safe\.quality is missing/],
    ["of a view beyond the embedding", (words) => ({ ...words, offset: 20 }), /no part of an embedding/],
    ["of a view of another size", (words) => ({ ...words, dimension: 12 }), /words\.landmarks/],
    [
      "with fewer margins than values",
      (words) => ({ ...words, safe: { ...words.safe, tolerance: { at: [0, 1], margin: [0] } } }),
      /words\.safe\.tolerance is no curve/,
    ],
  ])("is refused %s", (_, change, message) => {
    const file = readSafetensors(bundle);
    if (!file.ok) throw new Error(file.failure.message);
    const document = JSON.parse(file.value.metadata["signalbox"] as string);
    const changed = { ...document, words: change(document.words) };
    const loaded = loadPredictor(
      writeSafetensors({ tensors: file.value.tensors, metadata: { signalbox: JSON.stringify(changed) } }),
    );
    expect(loaded.ok ? "" : loaded.failure.message).toMatch(message);
  });
});

interface Header {
  readonly safe: Readonly<Record<string, unknown>>;
}
