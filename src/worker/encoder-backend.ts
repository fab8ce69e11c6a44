import type { ErrorCode } from "../contract/error.ts";
import { fail, type Result } from "../core/result.ts";
import { createEncoder, type Encoder } from "../encoder/encoder.ts";
import { type EncoderFiles, verifyEncoderFiles } from "../encoder/files.ts";
import { createLexicalSession } from "../encoder/lexical-session.ts";
import type { EncoderSession } from "../encoder/session.ts";
import kernel from "../encoder/simd/kernel.wasm";
import { supportsRelaxedSimd } from "../encoder/simd/relaxed-simd.ts";
import { createSimdSession } from "../encoder/simd/simd-session.ts";
import type { EncoderBackend } from "./bindings.ts";
import type { OpenEncoder } from "./serving.ts";
import { createOnnxWebSession } from "./session-onnx.ts";
import { readEncoderFiles } from "./store.ts";

/** The runtimes that can embed, by the value of ENCODER_BACKEND. Those that throw cannot run the encoder. */
const sessions: Readonly<Record<EncoderBackend, (files: EncoderFiles) => Promise<EncoderSession>>> = {
  onnx: createOnnxWebSession,
  simd: (files) => {
    if (!supportsRelaxedSimd()) throw new Error("this runtime has no relaxed SIMD; set ENCODER_BACKEND=onnx");
    return createSimdSession(files, kernel);
  },
  lexical: createLexicalSession,
};

/** Opens encoders of one backend: files from KV, checksums, session. */
export function encoderOpener(backend: EncoderBackend): OpenEncoder {
  return async (kv, sha256): Promise<Result<Encoder, ErrorCode>> => {
    const files = await readEncoderFiles(kv, sha256);
    if (!files.ok) return files;
    const verified = await verifyEncoderFiles(files.value);
    if (!verified.ok) {
      const { code, message, param } = verified.failure;
      const damaged = code === "encoder_file_size" || code === "encoder_file_checksum";
      return fail(damaged ? "encoder_corrupt" : "encoder_invalid", message, param);
    }
    try {
      const session = await sessions[backend](files.value);
      const encoder = await createEncoder(files.value, session);
      if (!encoder.ok) return fail("encoder_invalid", encoder.failure.message, encoder.failure.param);
      // A backend that doesn't fit the manifest (lexical for a two-view encoder) must not wait for the first request.
      await encoder.value.embed("");
      return encoder;
    } catch (error) {
      // The runtime throws on graphs that it cannot run; the checksums say that they are as they were published.
      return fail("encoder_invalid", `the ${backend} backend cannot run this encoder: ${String(error)}`);
    }
  };
}
