/** The rows of largest value so far, in slots that are sorted from the largest on; -1 in those that are still empty. */
export interface Nearest {
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

export function emptyNearest(slots: number): Nearest {
  return {
    indices: new Int32Array(slots).fill(-1),
    values: new Float32Array(slots).fill(Number.NEGATIVE_INFINITY),
  };
}

/**
 * Puts a row into the slots from `first` to before `end` if it belongs there. By insertion: most rows fail the first
 * comparison. Equal values go to the lower rank, then to the row that came first.
 * @param ranks of all rows, by `ranksOf`
 */
export function insertNearest(
  { indices, values }: Nearest,
  first: number,
  end: number,
  index: number,
  value: number,
  ranks: Int32Array,
): void {
  const before = (k: number) =>
    value > values[k] || (value === values[k] && ranks[index] < ranks[indices[k]]);
  let k = end - 1;
  if (!before(k)) return;
  for (; k > first && before(k - 1); k--) {
    indices[k] = indices[k - 1];
    values[k] = values[k - 1];
  }
  indices[k] = index;
  values[k] = value;
}

/** Place of each key among the different keys in order. Ties that go by it never fall to the order of a file. */
export function ranksOf(keys: readonly string[]): Int32Array {
  const places = new Map([...new Set(keys)].sort().map((key, place) => [key, place]));
  return Int32Array.from(keys, (key) => places.get(key) as number);
}
