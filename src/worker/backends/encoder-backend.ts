import type { ErrorCode } from "../../contract/error.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { createEncoder, type Encoder } from "../../encoder/encoder.ts";
import { type EncoderFiles, verifyEncoderFiles } from "../../encoder/files.ts";
import type { EncoderSession } from "../../encoder/session.ts";
import type { EncoderBackend } from "../state/bindings.ts";
import type { OpenEncoder } from "../state/load-serving.ts";
import { readEncoderFiles, readImmutable } from "../state/store.ts";

/** A runtime that can embed. */
export interface Backend {
  /** Whether this engine can run it. */
  readonly isSupported: () => boolean;
  /** Rejects files that it cannot run. */
  readonly openSession: (files: EncoderFiles) => Promise<EncoderSession>;
}

/** The runtimes that one build of the Worker holds, by the value of ENCODER_BACKEND. */
export type Backends = Readonly<Partial<Record<EncoderBackend, Backend>>>;

/**
 * The backend to run where `wanted` is asked for. Where the engine lacks relaxed SIMD, onnx, if the build has it, takes
 * simd's place: both read the same encoder.
 */
export function chooseBackend(
  wanted: EncoderBackend,
  backends: Backends,
): Result<EncoderBackend, "misconfigured"> {
  const backend = backends[wanted];
  if (backend === undefined) {
    const built = Object.keys(backends).join(", ");
    return fail("misconfigured", `this build of the Worker has only ${built}`, "ENCODER_BACKEND");
  }
  if (backend.isSupported()) return ok(wanted);
  if (wanted === "simd" && backends.onnx?.isSupported()) return ok("onnx");
  return fail("misconfigured", `this runtime cannot run the ${wanted} backend`, "ENCODER_BACKEND");
}

/**
 * Opens encoders with one backend: files from KV, checksums, session. `name` stands in messages; `onRead` is told the
 * milliseconds of each read. The platform's clock moves while it reads, if at no other time.
 */
export function encoderOpener(
  name: EncoderBackend,
  { openSession }: Backend,
  onRead: (ms: number) => void,
): OpenEncoder {
  return async (kv, sha256): Promise<Result<Encoder, ErrorCode>> => {
    const files = await readImmutable(async (cacheTtl) => {
      const start = performance.now();
      const read = await readEncoderFiles(kv, sha256, cacheTtl);
      onRead(Math.round(performance.now() - start));
      return read.ok ? verified(read.value) : read;
    });
    if (!files.ok) return files;
    try {
      const encoder = await createEncoder(files.value, await openSession(files.value));
      return encoder.ok ? encoder : fail("encoder_invalid", encoder.failure.message, encoder.failure.param);
    } catch (error) {
      // The runtime throws on graphs that it cannot run; the checksums say that they are as they were published.
      return fail("encoder_invalid", `the ${name} backend cannot run this encoder: ${String(error)}`);
    }
  };
}

async function verified(files: EncoderFiles): Promise<Result<EncoderFiles, ErrorCode>> {
  const found = await verifyEncoderFiles(files);
  if (found.ok) return ok(files);
  const { code, message, param } = found.failure;
  const damaged = code === "encoder_file_size" || code === "encoder_file_checksum";
  return fail(damaged ? "encoder_corrupt" : "encoder_invalid", message, param);
}
