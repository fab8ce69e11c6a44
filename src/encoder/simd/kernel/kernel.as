// all-MiniLM-L6-v2 with int8 weights and 7-bit activations. The loader copies the tensors to the addresses this
// module names, packs the linear layers, and then asks for one text after another.
import { attend, splitHeads } from "./attention";
import { madd, sumLanes } from "./lanes";
import {
  ATTENTION_OUTPUT,
  attentionNormAt,
  biasAt,
  EMBEDDING,
  EMBEDDING_NORM,
  FFN_IN,
  FFN_OUT,
  GROUPS,
  HEAD,
  HIDDEN,
  INPUT_IDS,
  LAYERS,
  LEXICAL_COUNTS,
  LEXICAL_IDS,
  LEXICAL_MEAN,
  LEXICAL_WEIGHTS,
  linearAt,
  outputNormAt,
  POSITION_ROWS,
  QKV,
  ROW,
  scaleAt,
  SCORE_SCALES,
  smoothAt,
  sumsAt,
  TENSORS_END,
  WORD_SCALES,
  WORDS,
  ZEROS,
} from "./layout";
import { product } from "./product";
import { quantize } from "./quantize";
import { exact, measure, probe, rangeOfAll, rangePerRow } from "./ranges";
import { addProduct, geluProduct, normalize } from "./rows";
import { growTo, INNER, INNER_GROUP, INNER_RANGE, INPUT, OUTER, OUTER_RANGE, PRODUCT, reserve, SUM, X } from "./scratch";

export { pack } from "./pack";
export { attentionNormAt, biasAt, outputNormAt, scaleAt, smoothAt } from "./layout";
export {
  EMBEDDING,
  EMBEDDING_NORM,
  INPUT_IDS,
  LEXICAL_COUNTS,
  LEXICAL_IDS,
  LEXICAL_MEAN,
  LEXICAL_SLAB,
  LEXICAL_WEIGHTS,
  POSITION_ROWS,
  POSITIONS,
  TENSORS_END,
  VOCABULARY,
  WORD_SCALES,
  WORDS,
} from "./layout";
export { exact } from "./ranges";
export { reserve } from "./scratch";

const HALF_ROOT: f32 = 0.70710678;

/** Grows the memory to hold the tensors and, behind them, `staging` bytes of weights yet to be packed. */
export function start(staging: i32): void {
  growTo(TENSORS_END + staging + 16); // `pack` reads up to 4 bytes beyond a tensor's end
  v128.store(SCORE_SCALES, f32x4.splat(1.0 / sqrt<f32>(<f32>HEAD)));
  probe();
}

/** Adds `count` of LEXICAL_IDS and LEXICAL_COUNTS to a sum; the first call of a text passes `clear`. */
let lexicalWeight: f32 = 0;

export function addLexical(count: i32, clear: bool): void {
  const sum = EMBEDDING + ROW;
  if (clear) {
    memory.fill(sum, 0, ROW);
    lexicalWeight = 0;
  }
  for (let i = 0; i < count; i++) {
    const id = i32.load(LEXICAL_IDS + 4 * i);
    const weight = f32.load(LEXICAL_COUNTS + 4 * i) * f32.load(LEXICAL_WEIGHTS + 4 * id);
    lexicalWeight += weight;
    addWord(id, weight, sum, sum);
  }
}

/** Finishes the lexical view: mean, minus that of the calibration texts, scaled to length 1/sqrt(2). */
export function finishLexical(): void {
  const sum = EMBEDDING + ROW;
  const inverse = f32x4.splat(1.0 / max<f32>(lexicalWeight, 1e-9));
  for (let k = 0; k < ROW; k += 16) {
    v128.store(sum + k, f32x4.sub(f32x4.mul(v128.load(sum + k), inverse), v128.load(LEXICAL_MEAN + k)));
  }
  toHalfRoot(sum);
}

/** Computes the context view of the first `tokens` of INPUT_IDS; `reserve` must have made room. */
export function encode(tokens: i32): void {
  const rows = (tokens + 3) & ~3;
  embed(tokens, rows);
  normalize(SUM, EMBEDDING_NORM, smoothAt(0, QKV), rows, X, INPUT);
  for (let layer = 0; layer < LAYERS; layer++) {
    selfAttention(layer, tokens, rows);
    normalize(SUM, attentionNormAt(layer), smoothAt(layer, FFN_IN), rows, X, INPUT);
    feedForward(layer, tokens, rows);
    // After the last layer nothing reads the smoothed copy.
    normalize(SUM, outputNormAt(layer), smoothAt(layer + 1 < LAYERS ? layer + 1 : 0, QKV), rows, X, INPUT);
  }
  pool(tokens);
}

function embed(tokens: i32, rows: i32): void {
  for (let row = 0; row < tokens; row++) {
    addWord(i32.load(INPUT_IDS + 4 * row), 1, POSITION_ROWS + row * ROW, SUM + row * ROW);
  }
  // Rows up to a multiple of 4 are computed and never read, but must stay finite.
  memory.fill(SUM + tokens * ROW, 0, (rows - tokens) * ROW);
}

/** out = base + weight * word embedding of `id`. */
function addWord(id: i32, weight: f32, base: i32, out: i32): void {
  const scale = f32x4.splat(weight * f32.load(WORD_SCALES + 4 * id));
  let word = WORDS + id * HIDDEN;
  for (let k = 0; k < ROW; k += 32, word += 8) {
    const eight = v128.load8x8_s(word);
    const a = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight));
    const b = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight));
    v128.store(out + k, madd(a, scale, v128.load(base + k)));
    v128.store(out + k, madd(b, scale, v128.load(base + k, 16)), 16);
  }
}

/** Quantizes INPUT to OUTER. */
function quantizeInput(tokens: i32, rows: i32): void {
  measure(INPUT, rows, false);
  if (exact()) rangeOfAll(tokens, rows, false, OUTER_RANGE);
  else rangePerRow(rows, OUTER_RANGE);
  quantize(INPUT, OUTER, OUTER_RANGE, rows);
}

function selfAttention(layer: i32, tokens: i32, rows: i32): void {
  quantizeInput(tokens, rows);
  product(OUTER, linearAt(layer, QKV), PRODUCT, 3 * ROW, rows, 3 * HIDDEN);
  splitHeads(rows, OUTER_RANGE, scaleAt(layer, QKV), sumsAt(layer, QKV), biasAt(layer, QKV));
  attend(tokens, rows);
  quantizeInput(tokens, rows);
  product(OUTER, linearAt(layer, ATTENTION_OUTPUT), PRODUCT, ROW, rows, HIDDEN);
  addProduct(
    PRODUCT,
    OUTER_RANGE,
    rows,
    scaleAt(layer, ATTENTION_OUTPUT),
    sumsAt(layer, ATTENTION_OUTPUT),
    biasAt(layer, ATTENTION_OUTPUT),
    X,
    SUM,
  );
}

function feedForward(layer: i32, tokens: i32, rows: i32): void {
  quantizeInput(tokens, rows);
  for (let group = 0; group < GROUPS; group++) {
    const at = group * ROW;
    const inner = INNER + group * rows * ROW;
    product(OUTER, linearAt(layer, FFN_IN) + group * HIDDEN * HIDDEN, PRODUCT, ROW, rows, HIDDEN);
    geluProduct(
      PRODUCT,
      OUTER_RANGE,
      rows,
      scaleAt(layer, FFN_IN) + at,
      sumsAt(layer, FFN_IN) + at,
      biasAt(layer, FFN_IN) + at,
      smoothAt(layer, FFN_OUT) + at,
      inner,
    );
    if (exact()) measure(inner, rows, group > 0);
  }
  if (exact()) rangeOfAll(tokens, rows, true, INNER_RANGE);
  for (let group = 0; group < GROUPS; group++) {
    const inner = INNER + group * rows * ROW;
    if (!exact()) {
      measure(inner, rows, false);
      rangePerRow(rows, INNER_RANGE);
    }
    quantize(inner, INNER_GROUP, INNER_RANGE, rows);
    product(INNER_GROUP, linearAt(layer, FFN_OUT) + group * HIDDEN * HIDDEN, PRODUCT, ROW, rows, HIDDEN);
    addProduct(
      PRODUCT,
      INNER_RANGE,
      rows,
      scaleAt(layer, FFN_OUT),
      sumsAt(layer, FFN_OUT) + group * ROW,
      group == 0 ? biasAt(layer, FFN_OUT) : ZEROS,
      group == 0 ? X : SUM,
      SUM,
    );
  }
}

/** Mean over the tokens; its divisor cancels in the norm. */
function pool(tokens: i32): void {
  for (let k = 0; k < ROW; k += 16) {
    let sum = f32x4.splat(0);
    for (let at = X + k, end = at + tokens * ROW; at < end; at += ROW) sum = f32x4.add(sum, v128.load(at));
    v128.store(EMBEDDING + k, sum);
  }
  toHalfRoot(EMBEDDING);
}

function toHalfRoot(view: i32): void {
  let squares = f32x4.splat(0);
  for (let k = 0; k < ROW; k += 16) squares = madd(v128.load(view + k), v128.load(view + k), squares);
  const scale = f32x4.splat(HALF_ROOT / max<f32>(sqrt<f32>(sumLanes(squares)), 1e-20));
  for (let k = 0; k < ROW; k += 16) v128.store(view + k, f32x4.mul(v128.load(view + k), scale));
}
