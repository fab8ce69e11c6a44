import { describe, expect, it } from "vitest";
import { evaluateWordsFirst, type WordsFirstReport } from "../../src/evaluation/experiments/words-first.ts";
import { crossValidate } from "../../src/evaluation/protocols/cross-validation.ts";
import { wordsFirstColumns, wordsFirstRows } from "../../src/evaluation/report/words-first-rows.ts";
import { lexicalHalf } from "../../src/evaluation/words/lexical-half.ts";
import { measuredRules } from "../../src/evaluation/words/measure-words-first.ts";
import { matrix } from "../../src/numerics/matrix.ts";
import type { Dataset } from "../../src/training/dataset.ts";
import { withLexicalView } from "../training/synthetic.ts";
import { syntheticDataset } from "./synthetic.ts";

const plain = syntheticDataset({ prompts: 600 });

async function measure(dataset: Dataset): Promise<WordsFirstReport> {
  const report = await evaluateWordsFirst(dataset, crossValidate(dataset, 2, 0), 0, undefined);
  if (report === undefined) throw new Error("the embeddings have no lexical view");
  return report;
}

describe("deciding by words first", () => {
  it("decides most where words tell the same, fewer where they tell less, and gives little up in both", async () => {
    const same = await measure(withLexicalView(plain, 0));
    const less = await measure(withLexicalView(plain, 1.5));
    expect(same.prices).toBe("assumed");
    for (const rule of ["quality", "spend .5", "tolerance .02"]) {
      const [alike, unlike] = [same.rules[rule], less.rules[rule]];
      expect(alike?.by_words).toBeGreaterThan(0.8);
      expect(unlike?.by_words).toBeLessThan(alike?.by_words as number);
      for (const scores of [alike, unlike]) {
        expect(scores?.score).toBeCloseTo((scores?.score_both ?? 0) + (scores?.difference ?? 0), 10);
        expect(scores?.difference).toBeGreaterThan(-0.01);
        expect(scores?.changed).toBeLessThanOrEqual(scores?.by_words as number);
      }
    }
    expect(wordsFirstRows(same)).toHaveLength(Object.keys(measuredRules).length);
    for (const cells of wordsFirstRows(same)) expect(cells).toHaveLength(1 + wordsFirstColumns.length);
  });

  it("is not measured where embeddings have one view", async () => {
    expect(await evaluateWordsFirst(plain, crossValidate(plain, 2, 0), 0, undefined)).toBeUndefined();
  });
});

describe("lexicalHalf", () => {
  it("finds the second of two views of equal length", () => {
    expect(lexicalHalf(withLexicalView(plain, 1))).toEqual({ offset: 16, dimension: 16 });
    expect(lexicalHalf(plain)).toBeUndefined();
    expect(lexicalHalf({ embeddings: matrix(0, 768) })).toBeUndefined();
  });
});
