import { quantizeRows } from "../../../src/core/quantize.ts";
import type { Calibration } from "./calibration.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { addRowScaleConstants, int8Linear, rowScaledInt8 } from "./int8-linear.ts";
import { lexicalView } from "./lexical-view.ts";
import { HIDDEN, type MiniLm, VOCABULARY } from "./minilm.ts";
import { smoothModel } from "./smooth.ts";
import { transformer } from "./transformer.ts";

/** The int8 graph: `embedding` [1, 768] from `input_ids`, `lexical_ids` and `lexical_counts`. */
export function int8Graph(model: MiniLm, calibration: Calibration): GraphBuilder {
  const graph = new GraphBuilder();
  const { values, scales } = quantizeRows(model.wordEmbeddings, HIDDEN);
  graph.constant("word_embeddings", "I8", [VOCABULARY, HIDDEN], values);
  graph.constant("word_embeddings.scale", "F32", [VOCABULARY, 1], scales);
  const words = graph.op("Mul", [
    graph.op("Cast", [graph.op("Gather", ["word_embeddings", "input_ids"])], { ints: { to: 1 } }),
    graph.op("Gather", ["word_embeddings.scale", "input_ids"]),
  ]);

  addRowScaleConstants(graph);
  const smoothed = smoothModel(model, calibration);
  const context = transformer(graph, words, smoothed.model, (g, x, layer, key, linear) => {
    const name = `layer.${layer}.${key}`;
    const factors = smoothed.factors.get(name);
    const input = factors ? g.op("Mul", [x, g.floats(`${name}.smooth`, factors)]) : x;
    return key === "ffn_out"
      ? rowScaledInt8(g, input, name, linear)
      : int8Linear(g, input, name, linear, true);
  });

  const both = graph.op("Concat", [context, lexicalView(graph, calibration)], { ints: { axis: 1 } });
  graph.op("Mul", [both, graph.scalar("half_root", Math.SQRT1_2)], { name: "embedding" });
  graph.output("embedding", [1, 2 * HIDDEN]);
  return graph;
}
