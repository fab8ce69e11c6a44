import { fileURLToPath } from "node:url";
import { createEncoder, type Encoder } from "../encoder/encoder.ts";
import { verifyEncoderFiles } from "../encoder/files.ts";
import { unwrap } from "./failure.ts";

/** The encoder that comes with the project. */
export const bundledEncoderDirectory = fileURLToPath(new URL("../../models/encoder", import.meta.url));
/** The router and catalogue that come with the project. */
export const bundledRouterDirectory = fileURLToPath(new URL("../../models/default", import.meta.url));

/** Opens an encoder directory for use in Node, after checking every file against the manifest. */
export async function openEncoder(directory: string = bundledEncoderDirectory): Promise<Encoder> {
  // Loaded here so that commands that embed nothing start without the native library.
  const { createNodeSession, readEncoderFiles } = await import("../training/node-session.ts");
  const files = await readEncoderFiles(directory);
  unwrap(await verifyEncoderFiles(files));
  return unwrap(await createEncoder(files, await createNodeSession(files)));
}
