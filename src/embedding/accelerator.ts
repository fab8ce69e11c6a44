import { fail, ok, type Result } from "../core/result.ts";
import { createEncoder, type Encoder, type EncoderCode } from "../encoder/encoder.ts";
import type { EncoderFiles } from "../encoder/files.ts";
import { cosine, goldenVectors } from "./golden-vectors.ts";
import { createNativeSession, type NativeCode } from "./native-session.ts";

export type AcceleratorCode = NativeCode | EncoderCode | "native_disagrees";

/**
 * Runtimes sum in different orders, which flips roundings of int8 activations: what sums exactly stays above .9997 on
 * the golden texts. Where sums saturate, the worst of them falls to .983.
 */
export const LEAST_AGREEMENT = 0.9995;

/** onnxruntime-node, where it is installed and embeds the golden texts on this CPU as `portable` does. */
export async function openAccelerator(
  files: EncoderFiles,
  portable: Encoder,
): Promise<Result<Encoder, AcceleratorCode>> {
  const session = await createNativeSession(files);
  if (!session.ok) return session;
  const native = await createEncoder(files, session.value);
  if (!native.ok) return native;
  const agreement = await leastAgreement(native.value, portable);
  if (agreement >= LEAST_AGREEMENT) return ok(native.value);
  return fail(
    "native_disagrees",
    `onnxruntime-node embeds otherwise on this CPU than the Worker does (cosine ${agreement.toFixed(4)}, needed ${LEAST_AGREEMENT}); it is not used`,
  );
}

/** The lowest cosine of two encoders' embeddings of a golden text. */
export async function leastAgreement(a: Encoder, b: Encoder): Promise<number> {
  const cosines = await Promise.all(
    goldenVectors.map(async ({ text }) => cosine(await a.embed(text), await b.embed(text))),
  );
  return Math.min(...cosines);
}
