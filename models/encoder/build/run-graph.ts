import type { InferenceSession } from "onnxruntime-node";
import { type GraphBuilder, placeConstants } from "./graph-builder.ts";
import { type OnnxValue, writeOnnx } from "./onnx-file.ts";

const WEIGHTS_FILE = "weights.bin";
// Protobuf files end at 2 GB and parse slowly; anything below stays readable in the graph.
const EXTERNAL_MIN_BYTES = 1024;
const ALIGN_BYTES = 64; // a cache line; onnxruntime asks for no more

const contextInput: OnnxValue = { name: "input_ids", type: "I32", shape: [1, "tokens"] };
const lexicalInputs: readonly OnnxValue[] = [
  { name: "lexical_ids", type: "I32", shape: ["distinct"] },
  { name: "lexical_counts", type: "F32", shape: ["distinct"] },
];

/** The graph as its two files, and where each external tensor stands. */
export function graphFiles(graph: GraphBuilder) {
  const { tensors, external } = placeConstants(
    graph.constants,
    WEIGHTS_FILE,
    EXTERNAL_MIN_BYTES,
    ALIGN_BYTES,
  );
  const bothViews = graph.outputs.some(({ name }) => name === "embedding");
  const inputs = bothViews ? [contextInput, ...lexicalInputs] : [contextInput];
  return {
    tensors,
    weights: external,
    graph: writeOnnx({ nodes: graph.nodes, tensors, inputs, outputs: graph.outputs }),
  };
}

/** Loads a graph straight from memory. */
export function loadGraph(
  Session: typeof InferenceSession,
  builder: GraphBuilder,
): Promise<InferenceSession> {
  const { graph, weights } = graphFiles(builder);
  return Session.create(graph, {
    externalData: [{ path: WEIGHTS_FILE, data: weights }],
    logSeverityLevel: 3,
  });
}
