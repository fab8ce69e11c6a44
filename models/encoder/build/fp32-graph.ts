import { GraphBuilder } from "./graph-builder.ts";
import { HIDDEN, linearName, type MiniLm, VOCABULARY } from "./minilm.ts";
import { transformer } from "./transformer.ts";
import { transpose } from "./transpose.ts";

/** The fp32 graph: `context` [1, 384], and the input of every linear layer under `observed.<name>` if asked for. */
export function fp32Graph(model: MiniLm, observe: boolean): GraphBuilder {
  const graph = new GraphBuilder();
  graph.constant("word_embeddings", "F32", [VOCABULARY, HIDDEN], model.wordEmbeddings);
  const words = graph.op("Gather", ["word_embeddings", "input_ids"]);
  const context = transformer(graph, words, model, (g, x, layer, key, { weight, bias, inputs }) => {
    const name = linearName(layer, key);
    if (observe) {
      g.op("Identity", [x], { name: `observed.${name}` });
      g.output(`observed.${name}`, [1, "tokens", inputs]);
    }
    const matrix = g.constant(`${name}.weight`, "F32", [inputs, bias.length], transpose(weight, inputs));
    return g.op("Add", [g.op("MatMul", [x, matrix]), g.floats(`${name}.bias`, bias)]);
  });
  graph.op("Identity", [context], { name: "context" });
  graph.output("context", [1, HIDDEN]);
  return graph;
}
