import type { Calibration } from "./calibration.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { lexicalWeights } from "./lexical.ts";
import { HIDDEN } from "./minilm.ts";

// Keeps the division by the weight sum of an empty text finite.
const SMALLEST_WEIGHT_SUM = 1e-9;

/** The weighted mean of the token embeddings, centered and of unit length; [1, HIDDEN]. */
export function lexicalView(graph: GraphBuilder, { tokenCounts, lexicalMean }: Calibration): string {
  graph.integers("lexical_axis", 0);
  graph.floats("lexical.weight", lexicalWeights(tokenCounts));
  graph.constant("lexical.mean", "F32", [1, HIDDEN], lexicalMean);
  const rows = graph.op("Cast", [graph.op("Gather", ["word_embeddings", "lexical_ids"])], {
    ints: { to: 1 },
  });
  const rowScales = graph.op("Reshape", [
    graph.op("Gather", ["word_embeddings.scale", "lexical_ids"]),
    graph.integers("flat", -1),
  ]);
  const weights = graph.op("Mul", [graph.op("Gather", ["lexical.weight", "lexical_ids"]), "lexical_counts"]);
  const weightSum = graph.op("ReduceSum", [weights, "lexical_axis"], { ints: { keepdims: 0 } });
  const coefficients = graph.op("Unsqueeze", [graph.op("Mul", [weights, rowScales]), "lexical_axis"]);
  const sum = graph.op("MatMul", [coefficients, rows]);
  const divisor = graph.op("Max", [weightSum, graph.scalar("smallest_weight_sum", SMALLEST_WEIGHT_SUM)]);
  const centered = graph.op("Sub", [graph.op("Div", [sum, divisor]), "lexical.mean"]);
  return graph.op("LpNormalization", [centered], { ints: { axis: 1, p: 2 } });
}
