import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

type Content = Uint8Array | string | AsyncIterable<Uint8Array | string>;

/**
 * Writes a file whole or not at all: beside its place first, then renamed. Several may write it at once. Rejects where
 * the place cannot be written or the content ends in an error; the old file is then as it was.
 */
export async function writeWhole(file: string, content: Content): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flag: "wx" });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
