import type { GraphBuilder } from "./graph-builder.ts";
import {
  HEADS,
  HIDDEN,
  LAYER_NORM_EPSILON,
  type Layer,
  type LayerNorm,
  type Linear,
  type LinearKey,
  type MiniLm,
} from "./minilm.ts";

/** Applies a linear layer to the value `x`; returns the name of its output. */
export type ApplyLinear = (
  graph: GraphBuilder,
  x: string,
  layer: number,
  key: LinearKey,
  linear: Linear,
) => string;

/**
 * Adds the transformer after the word embeddings `words` ([1, tokens, HIDDEN]), mean pooling and L2 norm
 * included; how a linear layer is computed is the caller's. Returns the context view, [1, HIDDEN].
 */
export function transformer(graph: GraphBuilder, words: string, model: MiniLm, linear: ApplyLinear): string {
  const positions = graph.constant(
    "position_embeddings",
    "F32",
    [1, model.positionEmbeddings.length / HIDDEN, HIDDEN],
    model.positionEmbeddings,
  );
  const one = graph.integers("one", 1);
  const length = graph.op("Slice", [
    graph.op("Shape", ["input_ids"]),
    one,
    graph.integers("two", 2),
    graph.integers("axis_0", 0),
  ]);
  const position = graph.op("Slice", [
    positions,
    graph.integers("zero", 0),
    length,
    graph.integers("axis_1", 1),
  ]);
  let x = addNorm(graph, words, position, "embedding_norm", model.embeddingNorm);
  model.layers.forEach((weights, layer) => {
    x = transformerLayer(graph, x, layer, weights, linear);
  });
  const mean = graph.op("ReduceMean", [x, one], { ints: { keepdims: 0 } });
  return graph.op("LpNormalization", [mean], { ints: { axis: 1, p: 2 } });
}

function transformerLayer(
  graph: GraphBuilder,
  x: string,
  layer: number,
  weights: Layer,
  linear: ApplyLinear,
): string {
  const apply = (input: string, key: LinearKey) => linear(graph, input, layer, key, weights.linear[key]);
  const heads = graph.split("Split", [apply(x, "qkv")], { outputs: 3, ints: { axis: 2, num_outputs: 3 } });
  const mixed = graph.contrib("MultiHeadAttention", heads, { ints: { num_heads: HEADS } });
  const attended = apply(mixed, "attention_output");
  const y = addNorm(graph, x, attended, `layer.${layer}.attention_norm`, weights.attentionNorm);
  const inner = graph.contrib("Gelu", [apply(y, "ffn_in")]);
  return addNorm(graph, y, apply(inner, "ffn_out"), `layer.${layer}.output_norm`, weights.outputNorm);
}

function addNorm(
  graph: GraphBuilder,
  x: string,
  y: string,
  name: string,
  { weight, bias }: LayerNorm,
): string {
  const constants = [graph.floats(`${name}.weight`, weight), graph.floats(`${name}.bias`, bias)];
  return graph.contrib("SkipLayerNormalization", [x, y, ...constants], {
    floats: { epsilon: LAYER_NORM_EPSILON },
  });
}
