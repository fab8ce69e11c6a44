import type { EncoderFiles } from "../../encoder/files.ts";
import { createLexicalSession } from "../../encoder/lexical-session.ts";
import { parseManifest } from "../../encoder/manifest.ts";
import type { EncoderSession } from "../../encoder/session.ts";
import kernel from "../../encoder/simd/kernel.wasm";
import { supportsRelaxedSimd } from "../../encoder/simd/relaxed-simd.ts";
import { createSimdSession } from "../../encoder/simd/simd-session.ts";
import type { Backend } from "./encoder-backend.ts";

/** The backends that need no ONNX runtime: a few dozen KB with everything else. */
export const lightBackends = {
  simd: { isSupported: supportsRelaxedSimd, openSession: (files) => createSimdSession(files, kernel) },
  lexical: { isSupported: () => true, openSession: openLexical },
} as const satisfies Record<string, Backend>;

/** Takes encoders of the lexical view alone: bundles of the full encoder expect both views. */
async function openLexical(files: EncoderFiles): Promise<EncoderSession> {
  const manifest = parseManifest(files.manifest);
  if (!manifest.ok) throw new Error(manifest.failure.message);
  if (manifest.value.views.some(({ name }) => name !== "lexical")) {
    throw new Error("publish an encoder of the lexical view alone, and a bundle trained on it");
  }
  return createLexicalSession(files);
}
