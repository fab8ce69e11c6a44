import { toHex } from "../core/hex.ts";
import { fail, type Result } from "../core/result.ts";
import { type EncoderManifest, encoderFileKeys, type ManifestCode, parseManifest } from "./manifest.ts";

/** The encoder's four files as bytes, wherever they came from. */
export interface EncoderFiles {
  readonly manifest: Uint8Array;
  readonly graph: Uint8Array;
  readonly weights: Uint8Array;
  readonly tokenizer: Uint8Array;
}

export type EncoderFilesCode = ManifestCode | "encoder_file_size" | "encoder_file_checksum";

/**
 * Checks the size and sha256 of every file against the manifest. `param` of a failure is the file's key. The
 * bytes are not kept.
 */
export async function verifyEncoderFiles(
  files: EncoderFiles,
): Promise<Result<EncoderManifest, EncoderFilesCode>> {
  const manifest = parseManifest(files.manifest);
  if (!manifest.ok) return manifest;
  for (const key of encoderFileKeys) {
    const { bytes, sha256 } = manifest.value.files[key];
    const found = files[key].byteLength;
    if (found !== bytes) {
      return fail(
        "encoder_file_size",
        `encoder file ${key} has ${found} bytes, its manifest says ${bytes}`,
        key,
      );
    }
    const checksum = await checksumOf(files[key]);
    if (checksum !== sha256) {
      return fail(
        "encoder_file_checksum",
        `encoder file ${key} has sha256 ${checksum}, its manifest says ${sha256}`,
        key,
      );
    }
  }
  return manifest;
}

/** sha256 as lower-case hexadecimal. Of the manifest's bytes, it names the encoder. */
export async function checksumOf(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}
