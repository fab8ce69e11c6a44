// Activations of one text. They begin where the tensors end and grow with the longest text seen.
import { GROUPS, HEAD, HEADS, HIDDEN, ROW, TENSORS_END } from "./layout";

export let X: i32 = 0; // [rows][HIDDEN] float: the residual stream
export let SUM: i32 = 0; // [rows][HIDDEN] float: what the next norm reads
export let INPUT: i32 = 0; // [rows][HIDDEN] float: the smoothed input of the next linear layer
export let PRODUCT: i32 = 0; // [rows][up to 3 x HIDDEN] int32
export let OUTER: i32 = 0; // quantized input of the layer
export let OUTER_RANGE: i32 = 0; // per row: scale; then per row: zero point
export let INNER: i32 = 0; // [group][rows][HIDDEN] float: the smoothed input of the second feed-forward layer
export let INNER_GROUP: i32 = 0; // a group of it, quantized
export let INNER_RANGE: i32 = 0;
export let LOW: i32 = 0; // smallest float of each row
export let HIGH: i32 = 0; // largest
export let QUERIES: i32 = 0; // [head][row / 8][HEAD][8] float
export let KEYS: i32 = 0; // [head][row / 4][HEAD][4] float
export let VALUES: i32 = 0; // [head][row][HEAD] float
export let SCORES: i32 = 0; // [key][8 queries] float
export let capacity: i32 = 0; // rows there is room for

/** Makes room for texts of `rows` tokens (rounded up to 8); traps if the memory cannot grow. */
export function reserve(rows: i32): void {
  rows = (rows + 7) & ~7;
  if (rows <= capacity) return;
  capacity = rows;
  X = TENSORS_END;
  SUM = X + rows * ROW;
  INPUT = SUM + rows * ROW;
  PRODUCT = INPUT + rows * ROW;
  OUTER = PRODUCT + rows * 3 * ROW;
  OUTER_RANGE = OUTER + rows * HIDDEN;
  INNER_GROUP = OUTER_RANGE + rows * 8;
  INNER_RANGE = INNER_GROUP + rows * HIDDEN;
  LOW = INNER_RANGE + rows * 8;
  HIGH = LOW + rows * 4;
  INNER = HIGH + rows * 4;
  QUERIES = INNER + rows * GROUPS * ROW;
  KEYS = QUERIES + rows * HEADS * HEAD * 4;
  VALUES = KEYS + rows * HEADS * HEAD * 4;
  SCORES = VALUES + rows * HEADS * HEAD * 4;
  const end = SCORES + rows * 32;
  growTo(end);
  // Not what lay there before: rows that only fill up a tile must not hold denormals, which are slow.
  memory.fill(X, 0, end - X);
}

export function growTo(end: i32): void {
  const pages = ((end + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}
