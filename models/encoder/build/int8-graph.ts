import { quantizeRows } from "../../../src/core/math/quantize.ts";
import type { Calibration } from "./calibration.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { addRowScaleConstants, int8Linear, rowScaledInt8Linear } from "./int8-linear.ts";
import { lexicalView } from "./lexical-view.ts";
import { HIDDEN, linearName, type MiniLm, VOCABULARY } from "./minilm.ts";
import { smoothLayer } from "./smooth.ts";
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
  const layers = model.layers.map((layer, l) => smoothLayer(layer, (key) => calibration.statistics(l, key)));
  const context = transformer(graph, words, model, (g, x, layer, key) =>
    (key === "ffn_out" ? rowScaledInt8Linear : int8Linear)(
      g,
      x,
      linearName(layer, key),
      (layers[layer] as (typeof layers)[number])[key],
    ),
  );

  const both = graph.op("Concat", [context, lexicalView(graph, calibration)], { ints: { axis: 1 } });
  graph.op("Mul", [both, graph.scalar("half_root", Math.SQRT1_2)], { name: "embedding" });
  graph.output("embedding", [1, 2 * HIDDEN]);
  return graph;
}
