import type { Router } from "../router.ts";
import { type NetworkOptions, trainNetwork } from "./network.ts";

function networkRouter(name: string, options: NetworkOptions): Router {
  return {
    name,
    async fit(train, seed) {
      const apply = await trainNetwork(train.embeddings, train.outcomes, seed, options);
      return {
        async predict({ embeddings }) {
          const pCorrect = await apply(embeddings);
          return { decisionScore: pCorrect, pCorrect };
        },
      };
    },
  };
}

/** One logistic regression a model on the embedding. */
export const logisticRouter = networkRouter("logistic", {
  hidden: [],
  activation: "linear",
  learningRate: 0.02,
  weightDecay: 0.001,
  mostEpochs: 40,
});

/** A multilayer perceptron with two hidden layers, shared by all models. */
export const mlpRouter = networkRouter("mlp", {
  hidden: [128, 64],
  activation: "relu",
  learningRate: 0.001,
  weightDecay: 0.01,
  mostEpochs: 30,
});

/**
 * Matrix factorization after EmbedLLM (arXiv 2410.02223): a vector per model, a linear projection of the prompt's
 * embedding, their elementwise product, a linear layer, a sigmoid. The last linear layer can be multiplied into the
 * model vectors, and the projection's bias gives each model its intercept, so that the network is two linear layers.
 */
export const matrixFactorizationRouter = networkRouter("matrix-factorization", {
  hidden: [128],
  activation: "linear",
  learningRate: 0.001,
  weightDecay: 0.01,
  mostEpochs: 40,
});
