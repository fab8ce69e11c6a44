import type { EncoderFiles } from "../files.ts";
import { parseManifest } from "../manifest.ts";
import type { EncoderInput, EncoderSession } from "../session.ts";
import { instantiateKernel, type Kernel } from "./kernel.ts";
import { loadWeights } from "./load-weights.ts";

const DIMENSION = 768;

/**
 * Opens the encoder with the WASM kernel of kernel.wasm instead of an ONNX runtime: the same weights, and on most
 * CPUs the same roundings; README.md says how embeddings differ. `module` is that file, compiled; check
 * `supportsRelaxedSimd` first. `files` should have passed `verifyEncoderFiles`; they are copied, so drop them.
 *
 * Rejects if the weights are not all-MiniLM-L6-v2's. `embed` rejects token ids beyond the vocabulary and texts of
 * no or more than 512 tokens. Each call runs to its end before the next begins.
 *
 * @example
 * import kernel from "./kernel.wasm"; // in a Worker, a WebAssembly.Module
 * const session = await createSimdSession(files, kernel);
 */
export async function createSimdSession(
  files: Pick<EncoderFiles, "manifest" | "weights">,
  module: WebAssembly.Module,
): Promise<EncoderSession> {
  const manifest = parseManifest(files.manifest);
  if (!manifest.ok) throw new Error(manifest.failure.message);
  const kernel = instantiateKernel(module);
  loadWeights(kernel, manifest.value, files.weights);
  return {
    activationBits: kernel.exact() !== 0 ? 8 : 7,
    embed: async (input) => embed(kernel, input),
  };
}

function embed(kernel: Kernel, { inputIds, lexicalIds, lexicalCounts }: EncoderInput): Float32Array {
  if (inputIds.length === 0 || inputIds.length > kernel.POSITIONS.value) {
    throw new RangeError(`a text has 1 to ${kernel.POSITIONS.value} tokens, not ${inputIds.length}`);
  }
  if (lexicalIds.length !== lexicalCounts.length) {
    throw new RangeError(`${lexicalIds.length} lexical ids, but ${lexicalCounts.length} counts`);
  }
  checkIds(kernel, inputIds);
  checkIds(kernel, lexicalIds);
  kernel.reserve(inputIds.length);
  const { buffer } = kernel.memory;
  addLexicalView(kernel, lexicalIds, lexicalCounts);
  new Int32Array(buffer, kernel.INPUT_IDS.value, inputIds.length).set(inputIds);
  kernel.encode(inputIds.length);
  return new Float32Array(buffer, kernel.EMBEDDING.value, DIMENSION).slice();
}

/** In slabs, so that a text may have any number of distinct tokens. */
function addLexicalView(kernel: Kernel, ids: Int32Array, counts: Float32Array): void {
  const { buffer } = kernel.memory;
  const slab = kernel.LEXICAL_SLAB.value;
  for (let from = 0; from === 0 || from < ids.length; from += slab) {
    const part = ids.subarray(from, from + slab);
    new Int32Array(buffer, kernel.LEXICAL_IDS.value, slab).set(part);
    new Float32Array(buffer, kernel.LEXICAL_COUNTS.value, slab).set(counts.subarray(from, from + slab));
    kernel.addLexical(part.length, from === 0 ? 1 : 0);
  }
  kernel.finishLexical();
}

// The kernel trusts ids: one out of range would read past the table.
function checkIds(kernel: Kernel, ids: Int32Array): void {
  const vocabulary = kernel.VOCABULARY.value;
  for (const id of ids) {
    if (id < 0 || id >= vocabulary) throw new RangeError(`token id ${id} is not in 0..${vocabulary - 1}`);
  }
}
