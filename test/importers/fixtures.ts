import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import type { FormatName } from "../../src/importers/formats.ts";
import { formats } from "../../src/importers/formats.ts";
import { importFiles } from "../../src/importers/import-files.ts";
import type { ImportOptions } from "../../src/importers/importer.ts";

const root = fileURLToPath(new URL("fixtures/", import.meta.url));

/** Path of a fixture, or of the one file in a folder whose name ends in `ending`. */
export function fixture(path: string, ending?: string): string {
  const full = join(root, path);
  if (ending === undefined) return full;
  const name = readdirSync(full).find((entry) => entry.endsWith(ending));
  if (name === undefined) throw new Error(`${full} has no file that ends in ${ending}`);
  return join(full, name);
}

/** Imports with the command's defaults. */
export function importWith(
  format: FormatName,
  files: readonly string[],
  { models = [], ...options }: Partial<ImportOptions> & { readonly models?: readonly string[] } = {},
) {
  return importFiles(formats[format], files, models, { metrics: [], maxScore: 1, ...options });
}

/** A folder that lives as long as the tests of one file. */
export function temporaryFolder(): {
  readonly path: () => string;
  readonly put: (name: string, content: string | Uint8Array) => Promise<string>;
} {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "import-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  return {
    path: () => folder,
    async put(name, content) {
      const file = join(folder, name);
      await writeFile(file, content);
      return file;
    },
  };
}
