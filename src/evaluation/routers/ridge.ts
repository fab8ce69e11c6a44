import { multiply } from "../../numerics/blas.ts";
import { matrix } from "../../numerics/matrix.ts";
import { prepareRidge } from "../../numerics/ridge.ts";
import type { Router } from "../router.ts";
import { fillOutcomes } from "./fill-outcomes.ts";

/** One ridge regression a model on the embedding, each penalty by exact leave-one-out error. */
export const ridgeRouter: Router = {
  name: "ridge",
  async fit(train) {
    const ridge = await prepareRidge(train.embeddings);
    const { weights, intercepts } = await ridge.fitBest(fillOutcomes(train.outcomes));
    return {
      async predict({ embeddings }) {
        const product = await multiply(embeddings, weights);
        const pCorrect = matrix(
          product.rows,
          product.columns,
          product.data.map((value, k) => Math.min(Math.max(value + intercepts[k % product.columns], 0), 1)),
        );
        return { decisionScore: pCorrect, pCorrect };
      },
    };
  },
};
