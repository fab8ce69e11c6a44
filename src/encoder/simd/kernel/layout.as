// Where everything stands in the linear memory: constants of the model first, then tensors, then scratch.
// The architecture is all-MiniLM-L6-v2's and fixed at build time; the loader refuses any other.

export const LAYERS: i32 = 6;
export const HIDDEN: i32 = 384;
export const HEADS: i32 = 12;
export const HEAD: i32 = 32;
export const INNER: i32 = 1536;
export const VOCABULARY: i32 = 30522;
export const POSITIONS: i32 = 512;

// The four linear layers of a transformer layer. INNER inputs are taken as groups of HIDDEN, so that every
// product has HIDDEN inputs and every group its own activation scale.
export const QKV: i32 = 0;
export const ATTENTION_OUTPUT: i32 = 1;
export const FFN_IN: i32 = 2;
export const FFN_OUT: i32 = 3;
export const GROUPS: i32 = INNER / HIDDEN;

export const ROW: i32 = HIDDEN * 4; // bytes of a row of HIDDEN floats or of 4 x HIDDEN activations

export function outputsOf(linear: i32): i32 {
  return linear == QKV ? 3 * HIDDEN : linear == FFN_IN ? INNER : HIDDEN;
}

export function groupsOf(linear: i32): i32 {
  return linear == FFN_OUT ? GROUPS : 1;
}

// A linear layer: panels (int8), sums (int32, per group and output), scale, bias (per output), smooth (per input).
const LINEAR_FLOATS_PER_OUTPUT: i32 = 12;
const QKV_BYTES: i32 = 3 * HIDDEN * (HIDDEN + LINEAR_FLOATS_PER_OUTPUT) + ROW;
const ATTENTION_OUTPUT_BYTES: i32 = HIDDEN * (HIDDEN + LINEAR_FLOATS_PER_OUTPUT) + ROW;
const FFN_IN_BYTES: i32 = INNER * (HIDDEN + LINEAR_FLOATS_PER_OUTPUT) + ROW;
const FFN_OUT_BYTES: i32 = HIDDEN * (INNER + 4 * GROUPS + 8) + GROUPS * ROW;
const NORM_BYTES: i32 = 2 * ROW;
const LAYER_BYTES: i32 = QKV_BYTES + ATTENTION_OUTPUT_BYTES + FFN_IN_BYTES + FFN_OUT_BYTES + 2 * NORM_BYTES;

// Small fixed scratch below the tensors; nothing else of the module lives in its memory.
export const ZEROS: i32 = 1024; // HIDDEN zeros, the bias of what has none
export const SOFTMAX_SCALES: i32 = ZEROS + ROW; // 8 floats: one over the sum of a query's exponentials
export const SCORE_SCALES: i32 = SOFTMAX_SCALES + 32; // 4 floats: 1 / sqrt(HEAD)
export const EMBEDDING: i32 = SCORE_SCALES + 32; // the result: 2 x HIDDEN floats
export const LEXICAL_SLAB: i32 = 1024;
export const LEXICAL_IDS: i32 = EMBEDDING + 2 * ROW;
export const LEXICAL_COUNTS: i32 = LEXICAL_IDS + 4 * LEXICAL_SLAB;
export const INPUT_IDS: i32 = LEXICAL_COUNTS + 4 * LEXICAL_SLAB; // POSITIONS ids

export const PROBE: i32 = INPUT_IDS + 4 * POSITIONS; // 4 operands of `probe`

export const WORDS: i32 = 20480;
export const WORD_SCALES: i32 = WORDS + VOCABULARY * HIDDEN;
export const LEXICAL_WEIGHTS: i32 = WORD_SCALES + ((VOCABULARY * 4 + 63) & ~63);
export const LEXICAL_MEAN: i32 = LEXICAL_WEIGHTS + ((VOCABULARY * 4 + 63) & ~63);
export const POSITION_ROWS: i32 = LEXICAL_MEAN + ROW;
export const EMBEDDING_NORM: i32 = POSITION_ROWS + POSITIONS * ROW;
const FIRST_LAYER: i32 = EMBEDDING_NORM + NORM_BYTES;
export const TENSORS_END: i32 = FIRST_LAYER + LAYERS * LAYER_BYTES;

export function linearAt(layer: i32, linear: i32): i32 {
  let at = FIRST_LAYER + layer * LAYER_BYTES;
  if (linear > QKV) at += QKV_BYTES;
  if (linear > ATTENTION_OUTPUT) at += ATTENTION_OUTPUT_BYTES + NORM_BYTES;
  if (linear > FFN_IN) at += FFN_IN_BYTES;
  return at;
}

export function sumsAt(layer: i32, linear: i32): i32 {
  return linearAt(layer, linear) + outputsOf(linear) * HIDDEN * groupsOf(linear);
}

export function scaleAt(layer: i32, linear: i32): i32 {
  return sumsAt(layer, linear) + 4 * outputsOf(linear) * groupsOf(linear);
}

export function biasAt(layer: i32, linear: i32): i32 {
  return scaleAt(layer, linear) + 4 * outputsOf(linear);
}

export function smoothAt(layer: i32, linear: i32): i32 {
  return biasAt(layer, linear) + 4 * outputsOf(linear);
}

/** The norm after the attention or after the feed-forward layer: HIDDEN weights, then HIDDEN biases. */
export function attentionNormAt(layer: i32): i32 {
  return linearAt(layer, FFN_IN) - NORM_BYTES;
}

export function outputNormAt(layer: i32): i32 {
  return FIRST_LAYER + (layer + 1) * LAYER_BYTES - NORM_BYTES;
}
