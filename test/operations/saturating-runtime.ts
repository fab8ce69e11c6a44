/** In place of the package onnxruntime-node: of the golden texts it makes what it makes of them where sums saturate. */
import { createEncoder } from "../../src/encoder/encoder.ts";
import { modelFiles } from "../encoder/model-files.ts";
import { saturatedEmbeddings } from "../encoder/saturated-embeddings.ts";

export class Tensor {
  readonly data: Int32Array | Float32Array;
  constructor(_type: string, data: Int32Array | Float32Array) {
    this.data = data;
  }
}

export const InferenceSession = {
  async create() {
    const known = await embeddingsByInput();
    return {
      run: async ({ input_ids }: { readonly input_ids: Tensor }) => ({
        embedding: { data: known.get(input_ids.data.join()) },
      }),
    };
  },
};

async function embeddingsByInput(): Promise<ReadonlyMap<string, Float32Array>> {
  const inputs: string[] = [];
  const encoder = await createEncoder(modelFiles, {
    async embed({ inputIds }) {
      inputs.push(inputIds.join());
      return new Float32Array(768);
    },
  });
  if (!encoder.ok) throw new Error(encoder.failure.message);
  for (const text of saturatedEmbeddings.keys()) await encoder.value.embed(text);
  return new Map([...saturatedEmbeddings.values()].map((embedding, k) => [inputs[k] as string, embedding]));
}
