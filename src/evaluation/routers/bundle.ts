import { loadPredictor } from "../../core/bundle.ts";
import type { Predictor, RouterKind } from "../../core/predictor.ts";
import { matrix, row } from "../../numerics/matrix.ts";
import type { Dataset } from "../../training/dataset.ts";
import { fitRouter } from "../../training/fit-router.ts";
import type { FittedRouter, Router, RouterPredictions } from "../router.ts";

/**
 * A router as it is served: fitted to a bundle's bytes, loaded from them by the code that the Worker runs, asked one
 * prompt at a time.
 */
export function bundleRouter(kind: RouterKind): Router {
  return {
    name: kind,
    async fit(train, seed) {
      // Embeddings come with the dataset, so that any name does for the encoder here.
      const encoder = { id: "evaluation", checksum: "0".repeat(64), dimension: train.embeddings.columns };
      const bundle = await fitRouter(train, encoder, { kind, seed });
      if (!bundle.ok) throw new RangeError(bundle.failure.message);
      const predictor = loadPredictor(bundle.value);
      if (!predictor.ok) throw new RangeError(predictor.failure.message);
      return fittedRouter(predictor.value);
    },
  };
}

/** A model that the bundle doesn't know gets NaN: it is never chosen while another is there. */
export function fittedRouter(predictor: Predictor): FittedRouter {
  return {
    async predict(test: Dataset): Promise<RouterPredictions> {
      const columns = predictor.models.map((model) => test.models.indexOf(model));
      const empty = () =>
        matrix(
          test.ids.length,
          test.models.length,
          new Float32Array(test.ids.length * test.models.length).fill(Number.NaN),
        );
      const predictions = { decisionScore: empty(), pCorrect: empty(), outputTokens: empty() };
      for (let i = 0; i < test.ids.length; i++) {
        const prediction = predictor.predict(row(test.embeddings, i));
        for (const name of ["decisionScore", "pCorrect", "outputTokens"] as const) {
          columns.forEach((column, m) => {
            if (column < 0) return;
            predictions[name].data[i * test.models.length + column] = prediction[name][m];
          });
        }
      }
      return predictions;
    },
  };
}
