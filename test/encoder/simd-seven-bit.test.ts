import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { encoderFiles } from "./simd-files.ts";

// Without AVX-VNNI the engine computes the relaxed dot product with instructions that saturate, and the kernel must
// notice and use 7 bits. The flag holds for a whole process, so this needs one of its own.
const script = `
  import { readFileSync } from "node:fs";
  import { createSimdSession } from "./src/encoder/simd/simd-session.ts";
  import { instantiateKernel } from "./src/encoder/simd/kernel.ts";
  const read = (path) => new Uint8Array(readFileSync(path));
  const module = new WebAssembly.Module(read("src/encoder/simd/kernel.wasm"));
  const kernel = instantiateKernel(module);
  kernel.start(0);
  const files = { manifest: read("models/encoder/manifest.json"), weights: read("models/encoder/weights.bin") };
  const session = await createSimdSession(files, module);
  const inputIds = Int32Array.from({ length: 64 }, (_, k) => 1996 + ((k * 7919) % 20000));
  const input = { inputIds, lexicalIds: inputIds, lexicalCounts: new Float32Array(64).fill(1) };
  console.log(JSON.stringify({ exact: kernel.exact(), embedding: [...await session.embed(input)] }));
`;

test.runIf(process.arch === "x64")("without AVX-VNNI, activations have 7 bits", async () => {
  const cwd = new URL("../..", import.meta.url);
  const flags = [
    "--no-enable-avx-vnni",
    "--no-enable-avx-vnni-int8",
    "--input-type=module",
    "--eval",
    script,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd });
  const { exact, embedding } = JSON.parse(stdout) as { exact: number; embedding: number[] };
  expect(exact).toBe(0);

  const inputIds = Int32Array.from({ length: 64 }, (_, k) => 1996 + ((k * 7919) % 20000));
  const reference = await createPortableSession(encoderFiles);
  const expected = await reference.embed({
    inputIds,
    lexicalIds: inputIds,
    lexicalCounts: new Float32Array(64).fill(1),
  });
  expect(embedding.reduce((sum, value, k) => sum + value * expected[k], 0)).toBeGreaterThan(0.998);
});
