import { fileURLToPath } from "node:url";
import { createEncoder, type Encoder } from "../encoder/encoder.ts";
import { type EncoderFiles, verifyEncoderFiles } from "../encoder/files.ts";
import { lexicalEncoderFiles } from "../encoder/lexical-files.ts";
import { createLexicalSession } from "../encoder/lexical-session.ts";
import { unwrap } from "./failure.ts";

/** The encoder that comes with the project. */
export const bundledEncoderDirectory = fileURLToPath(new URL("../../models/encoder", import.meta.url));
/** The router and catalogue that come with the project. */
export const bundledRouterDirectory = fileURLToPath(new URL("../../models/default", import.meta.url));

/** A router trained on the lexical view alone, for ENCODER_BACKEND lexical. */
export const bundledLexicalRouterDirectory = fileURLToPath(new URL("../../models/lexical", import.meta.url));
/** In place of a directory: the lexical view of the bundled encoder, as an encoder of its own. */
export const LEXICAL_ENCODER = "lexical";

/** Opens an encoder directory, or `lexical`, for use in Node, after checking every file against the manifest. */
export async function openEncoder(directory: string = bundledEncoderDirectory): Promise<Encoder> {
  // Loaded here so that commands that embed nothing start without the native library.
  const { createNodeSession, readEncoderFiles } = await import("../training/node-session.ts");
  if (directory === LEXICAL_ENCODER) {
    const files = await deriveLexicalEncoder(await readEncoderFiles(bundledEncoderDirectory));
    return unwrap(await createEncoder(files, await createLexicalSession(files)));
  }
  const files = await readEncoderFiles(directory);
  unwrap(await verifyEncoderFiles(files));
  return unwrap(await createEncoder(files, await createNodeSession(files)));
}

/** The same bytes each time, so what is trained here fits what is published there. */
export async function deriveLexicalEncoder(files: EncoderFiles): Promise<EncoderFiles> {
  unwrap(await verifyEncoderFiles(files));
  return lexicalEncoderFiles(files);
}
