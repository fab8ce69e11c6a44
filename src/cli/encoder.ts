import { fileURLToPath } from "node:url";
import type { LocalEncoder } from "../embedding/embed-texts.ts";
import { createEncoder } from "../encoder/encoder.ts";
import { type EncoderFiles, verifyEncoderFiles } from "../encoder/files.ts";
import { lexicalEncoderFiles } from "../encoder/lexical-files.ts";
import { createLexicalSession } from "../encoder/lexical-session.ts";
import type { EncoderSession } from "../encoder/session.ts";
import { unwrap } from "./failure.ts";
import { tell } from "./output.ts";

/** The encoder that comes with the project. */
export const bundledEncoderDirectory = fileURLToPath(new URL("../../models/encoder", import.meta.url));
/** The router and catalogue that come with the project. */
export const bundledRouterDirectory = fileURLToPath(new URL("../../models/default", import.meta.url));

/** A router trained on the lexical view alone, for ENCODER_BACKEND lexical. */
export const bundledLexicalRouterDirectory = fileURLToPath(new URL("../../models/lexical", import.meta.url));
/** In place of a directory: the lexical view of the bundled encoder, as an encoder of its own. */
export const LEXICAL_ENCODER = "lexical";

/**
 * What an encoder is opened for: a few texts, on this thread; many, on a thread for each core; or learning from many,
 * where the native runtime does as well, if it is installed and agrees.
 */
export type EncoderUse = "few texts" | "many texts" | "learning";

/** Opens an encoder directory, or `lexical`, for use in Node, after checking every file against the manifest. */
export async function openEncoder(
  directory: string = bundledEncoderDirectory,
  use: EncoderUse = "few texts",
): Promise<LocalEncoder> {
  const { readEncoderFiles } = await import("../embedding/encoder-files.ts");
  if (directory === LEXICAL_ENCODER) {
    const files = await deriveLexicalEncoder(await readEncoderFiles(bundledEncoderDirectory));
    return toEncoder(files, await createLexicalSession(files));
  }
  const files = await readEncoderFiles(directory);
  unwrap(await verifyEncoderFiles(files));
  const portable = await toEncoder(files, await openPortable(files, use));
  if (use !== "learning") return portable;
  const { openAccelerator } = await import("../embedding/accelerator.ts");
  const accelerator = await openAccelerator(files, portable);
  if (accelerator.ok) return { ...accelerator.value, arithmetic: "native" };
  const { code, message } = accelerator.failure;
  if (code !== "native_not_installed") tell(message);
  return portable;
}

// Loaded when called, so that commands that embed nothing start without a runtime.
async function openPortable(files: EncoderFiles, use: EncoderUse): Promise<EncoderSession> {
  if (use === "few texts") {
    const { createPortableSession } = await import("../embedding/portable-session.ts");
    return createPortableSession(files);
  }
  const { createPortableThreads } = await import("../embedding/portable-threads.ts");
  return createPortableThreads(files);
}

async function toEncoder(files: EncoderFiles, session: EncoderSession): Promise<LocalEncoder> {
  return { ...unwrap(await createEncoder(files, session)), arithmetic: "portable" };
}

/** The same bytes each time, so what is trained here fits what is published there. */
export async function deriveLexicalEncoder(files: EncoderFiles): Promise<EncoderFiles> {
  unwrap(await verifyEncoderFiles(files));
  return lexicalEncoderFiles(files);
}
