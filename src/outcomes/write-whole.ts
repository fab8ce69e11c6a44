import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

type Content = Uint8Array | string | AsyncIterable<Uint8Array | string>;

/** For files that hold prompts: nobody else of the machine may read them. */
export const OWNER_ONLY = 0o600;

/**
 * Writes a file whole or not at all: beside its place first, then renamed. Several may write it at once. Rejects where
 * the place cannot be written or the content ends in an error; the old file is then as it was.
 */
export function writeWhole(file: string, content: Content, mode?: number): Promise<void> {
  return writeTogether([[file, content]], mode);
}

/** Writes files all or none: nothing gets its name before everything is on the disk. */
export async function writeTogether(
  files: readonly (readonly [file: string, content: Content])[],
  mode = 0o666,
): Promise<void> {
  const made: string[] = [];
  const written: { readonly file: string; readonly temporary: string }[] = [];
  try {
    for (const [file, content] of files) {
      const folder = await mkdir(dirname(file), { recursive: true });
      if (folder !== undefined) made.push(folder);
      const temporary = `${file}.${randomUUID()}.tmp`;
      written.push({ file, temporary });
      await writeFile(temporary, content, { flag: "wx", mode }).catch((error: NodeJS.ErrnoException) => {
        // A fault while writing, such as a full disk, doesn't say where, and no reader knows the temporary name.
        if (error.syscall === "write" || error.path === temporary) error.path = file;
        throw error;
      });
    }
    for (const { file, temporary } of written) await rename(temporary, file);
  } catch (error) {
    for (const { temporary } of written) await rm(temporary, { force: true }).catch(() => undefined);
    for (const folder of made) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}
