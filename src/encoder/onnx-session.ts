import type { EncoderSession } from "./session.ts";

/** The tensors of one build of ONNX Runtime; each has a class of its own. */
interface TensorClass<Tensor> {
  new (type: "int32", data: Int32Array, shape: readonly number[]): Tensor;
  new (type: "float32", data: Float32Array, shape: readonly number[]): Tensor;
}

/** The encoder graph, opened with that build. */
interface OpenGraph<Tensor> {
  run(
    feeds: Readonly<Record<string, Tensor>>,
  ): Promise<Readonly<Record<string, { readonly data: unknown } | undefined>>>;
}

/** The encoder on its ONNX graph, whichever build runs it. */
export function onnxSession<Tensor>(graph: OpenGraph<Tensor>, TensorOf: TensorClass<Tensor>): EncoderSession {
  return {
    activationBits: 8,
    async embed({ inputIds, lexicalIds, lexicalCounts }) {
      const { embedding } = await graph.run({
        input_ids: new TensorOf("int32", inputIds, [1, inputIds.length]),
        lexical_ids: new TensorOf("int32", lexicalIds, [lexicalIds.length]),
        lexical_counts: new TensorOf("float32", lexicalCounts, [lexicalCounts.length]),
      });
      return embedding?.data as Float32Array;
    },
  };
}
