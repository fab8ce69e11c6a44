import { readFloatTensors } from "./float-tensors.ts";

/** Sizes of all-MiniLM-L6-v2. */
export const LAYERS = 6;
export const HIDDEN = 384;
export const HEADS = 12;
export const VOCABULARY = 30_522;
export const LAYER_NORM_EPSILON = 1e-12;

/** The linear layers of a transformer layer, in the order in which they are applied. */
export const linearKeys = ["qkv", "attention_output", "ffn_in", "ffn_out"] as const;
export type LinearKey = (typeof linearKeys)[number];
export const linearName = (layer: number, key: LinearKey) => `layer.${layer}.${key}`;

/** y = x W^T + b with `weight` row-major [outputs, inputs], as PyTorch stores it. */
export interface Linear {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly inputs: number;
}

export interface LayerNorm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export interface Layer {
  readonly linear: Readonly<Record<LinearKey, Linear>>;
  readonly attentionNorm: LayerNorm;
  readonly outputNorm: LayerNorm;
}

/** The fp32 weights of all-MiniLM-L6-v2, with Q, K and V merged and the segment embedding added to the positions. */
export interface MiniLm {
  /** [VOCABULARY, HIDDEN] */
  readonly wordEmbeddings: Float32Array;
  /** [512, HIDDEN] */
  readonly positionEmbeddings: Float32Array;
  readonly embeddingNorm: LayerNorm;
  readonly layers: readonly Layer[];
}

/** Reads the model's public safetensors file; throws if a tensor is missing. */
export function readMiniLm(bytes: Uint8Array): MiniLm {
  const tensors = readFloatTensors(bytes);

  function floats(name: string): Float32Array {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`the weights have no F32 tensor ${name}`);
    return tensor;
  }
  function norm(prefix: string): LayerNorm {
    return { weight: floats(`${prefix}.weight`), bias: floats(`${prefix}.bias`) };
  }
  function linear(...prefixes: readonly string[]): Linear {
    const weight = concatenate(prefixes.map((prefix) => floats(`${prefix}.weight`)));
    const bias = concatenate(prefixes.map((prefix) => floats(`${prefix}.bias`)));
    return { weight, bias, inputs: weight.length / bias.length };
  }

  const segment = floats("embeddings.token_type_embeddings.weight");
  return {
    wordEmbeddings: floats("embeddings.word_embeddings.weight"),
    positionEmbeddings: floats("embeddings.position_embeddings.weight").map(
      (value, k) => value + segment[k % HIDDEN],
    ),
    embeddingNorm: norm("embeddings.LayerNorm"),
    layers: Array.from({ length: LAYERS }, (_, l) => {
      const prefix = `encoder.layer.${l}`;
      const attention = `${prefix}.attention.self`;
      return {
        linear: {
          qkv: linear(`${attention}.query`, `${attention}.key`, `${attention}.value`),
          attention_output: linear(`${prefix}.attention.output.dense`),
          ffn_in: linear(`${prefix}.intermediate.dense`),
          ffn_out: linear(`${prefix}.output.dense`),
        },
        attentionNorm: norm(`${prefix}.attention.output.LayerNorm`),
        outputNorm: norm(`${prefix}.output.LayerNorm`),
      };
    }),
  };
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
