import { type InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { oneAtATime } from "../../encoder/one-at-a-time.ts";
import type { EncoderSession } from "../../encoder/session.ts";

/** The encoder on a session of its graph; the runtime computes one text at a time. */
export function onnxEncoder(session: InferenceSession): EncoderSession {
  return oneAtATime({
    async embed({ inputIds, lexicalIds, lexicalCounts }) {
      const { embedding } = await session.run({
        input_ids: new Tensor("int32", inputIds, [1, inputIds.length]),
        lexical_ids: new Tensor("int32", lexicalIds, [lexicalIds.length]),
        lexical_counts: new Tensor("float32", lexicalCounts, [lexicalCounts.length]),
      });
      return embedding?.data as Float32Array;
    },
  });
}
