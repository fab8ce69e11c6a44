import type { ErrorCode } from "../contract/error.ts";
import { fail, type Result } from "../core/result.ts";
import { createEncoder, type Encoder } from "../encoder/encoder.ts";
import { type EncoderFiles, verifyEncoderFiles } from "../encoder/files.ts";
import type { EncoderSession } from "../encoder/session.ts";
import type { EncoderBackend } from "./bindings.ts";
import type { OpenEncoder } from "./serving.ts";
import { createOnnxWebSession } from "./session-onnx.ts";
import { readEncoderFiles } from "./store.ts";

/** The runtimes that can embed, by the value of ENCODER_BACKEND. */
const sessions: Readonly<Record<EncoderBackend, (files: EncoderFiles) => Promise<EncoderSession>>> = {
  onnx: createOnnxWebSession,
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
      const encoder = await createEncoder(files.value, await sessions[backend](files.value));
      return encoder.ok ? encoder : fail("encoder_invalid", encoder.failure.message, encoder.failure.param);
    } catch (error) {
      // The runtime throws on graphs that it cannot run; the checksums say that they are as they were published.
      return fail("encoder_invalid", `the ${backend} backend cannot run this encoder: ${String(error)}`);
    }
  };
}
