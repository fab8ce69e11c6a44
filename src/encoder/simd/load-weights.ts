import type { EncoderManifest } from "../manifest.ts";
import { findTensor } from "../tensor-file.ts";
import type { Kernel } from "./kernel.ts";

const LAYERS = 6;
const HIDDEN = 384;
const INNER = 1536;
const VOCABULARY = 30522;
const POSITIONS = 512;

interface LinearShape {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the file holds factors for the inputs; the attention output's are folded into the values. */
  readonly smooth: boolean;
}

/** In the order of the kernel's numbers for them. */
const linears: readonly LinearShape[] = [
  { name: "qkv", inputs: HIDDEN, outputs: 3 * HIDDEN, smooth: true },
  { name: "attention_output", inputs: HIDDEN, outputs: HIDDEN, smooth: false },
  { name: "ffn_in", inputs: HIDDEN, outputs: INNER, smooth: true },
  { name: "ffn_out", inputs: INNER, outputs: HIDDEN, smooth: true },
];

/**
 * Copies the tensors of the encoder's weights file into the kernel's memory, the linear layers packed for its
 * product (a few ms). Keeps no reference to `weights`.
 *
 * Throws an Error if a tensor is missing or has another shape: the kernel is built for all-MiniLM-L6-v2 only.
 */
export function loadWeights(kernel: Kernel, manifest: EncoderManifest, weights: Uint8Array): void {
  const staging = HIDDEN * INNER;
  kernel.start(staging);
  const memory = new Uint8Array(kernel.memory.buffer);
  const copy = (name: string, dtype: "I8" | "F32", count: number, address: number) => {
    const { offset, bytes } = findTensor(manifest.tensors, name, dtype, weights.byteLength);
    const expected = dtype === "I8" ? count : 4 * count;
    if (bytes !== expected) throw unsupported(`tensor ${name} has ${bytes} bytes, not ${expected}`);
    memory.set(weights.subarray(offset, offset + bytes), address);
  };
  const copyNorm = (name: string, address: number) => {
    copy(`${name}.weight`, "F32", HIDDEN, address);
    copy(`${name}.bias`, "F32", HIDDEN, address + 4 * HIDDEN);
  };

  copy("word_embeddings", "I8", VOCABULARY * HIDDEN, kernel.WORDS.value);
  copy("word_embeddings.scale", "F32", VOCABULARY, kernel.WORD_SCALES.value);
  copy("position_embeddings", "F32", POSITIONS * HIDDEN, kernel.POSITION_ROWS.value);
  copyNorm("embedding_norm", kernel.EMBEDDING_NORM.value);
  copy("lexical.weight", "F32", VOCABULARY, kernel.LEXICAL_WEIGHTS.value);
  copy("lexical.mean", "F32", HIDDEN, kernel.LEXICAL_MEAN.value);
  for (let layer = 0; layer < LAYERS; layer++) {
    linears.forEach(({ name, inputs, outputs, smooth }, linear) => {
      const full = `layer.${layer}.${name}`;
      copy(`${full}.scale`, "F32", outputs, kernel.scaleAt(layer, linear));
      copy(`${full}.bias`, "F32", outputs, kernel.biasAt(layer, linear));
      if (smooth) copy(`${full}.smooth`, "F32", inputs, kernel.smoothAt(layer, linear));
      copy(`${full}.weight`, "I8", inputs * outputs, kernel.TENSORS_END.value);
      kernel.pack(kernel.TENSORS_END.value, layer, linear);
    });
    copyNorm(`layer.${layer}.attention_norm`, kernel.attentionNormAt(layer));
    copyNorm(`layer.${layer}.output_norm`, kernel.outputNormAt(layer));
  }
  if (manifest.tensors.some(({ name }) => name.startsWith(`layer.${LAYERS}.`)))
    throw unsupported(`it has more than ${LAYERS} layers`);
}

function unsupported(problem: string): Error {
  return new Error(`the simd backend cannot run this encoder: ${problem}`);
}
