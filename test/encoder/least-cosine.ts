import { instantiateKernel } from "../../src/encoder/simd/kernel.ts";

/**
 * The cosine to the ONNX graph's context view that the kernel must reach on this CPU. Where activations have 7 bits,
 * texts of one or two words fall short of .997: over so few tokens the roundings do not average out.
 */
export function leastCosine(module: WebAssembly.Module): (tokens: number) => number {
  const hasEightBits = activationBits(module) === 8;
  return (tokens) => (hasEightBits || tokens > FEW_TOKENS ? 0.997 : 0.99);
}

/** What this CPU's dot product takes. */
export function activationBits(module: WebAssembly.Module): 7 | 8 {
  const kernel = instantiateKernel(module);
  kernel.start(0);
  return kernel.exact() !== 0 ? 8 : 7;
}

// Two of them are [CLS] and [SEP].
const FEW_TOKENS = 4;
