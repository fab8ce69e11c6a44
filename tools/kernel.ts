// `node tools/kernel.ts`: builds src/encoder/simd/kernel.wasm from the AssemblyScript sources in kernel beside it.
import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const options = [
  "-O3",
  "--runtime",
  "stub",
  "--enable",
  "relaxed-simd",
  "--memoryBase",
  "1024",
  "--use",
  "abort=",
];

const sources = new URL("../src/encoder/simd/kernel/", import.meta.url);

/** Compiles the sources; the same sources and compiler version give the same bytes. */
export async function buildKernel(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["kernel.ts", ...options, "--outFile", "kernel.wasm"], {
    // The sources are named .as because TypeScript's own tools would take .ts files for TypeScript.
    readFile: (name) => readFile(new URL(name.replace(/\.ts$/, ".as"), sources), "utf8").catch(() => null),
    writeFile: (_name, contents) => {
      wasm = contents as Uint8Array;
    },
  });
  if (error !== null || wasm === undefined) throw new Error(`asc failed: ${error?.message}\n${stderr}`);
  return wasm;
}

if (import.meta.main)
  await writeFile(new URL("../src/encoder/simd/kernel.wasm", import.meta.url), await buildKernel());
