/** Maps a value to pixels, and says where its axis is marked. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** A logarithmic scale over `values` with a little air; marks at powers of ten, and between them where few fit. */
export function logScale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const positive = values.filter((value) => value > 0);
  const least = positive.length > 0 ? Math.min(...positive) : 1e-6;
  const most = positive.length > 0 ? Math.max(...positive) : 1;
  const air = Math.max(0.08, 0.04 * Math.log10(most / least));
  const [low, high] = [Math.log10(least) - air, Math.log10(most) + air];
  // A model that costs nothing has no logarithm; it stands at the left edge.
  const at = (value: number) =>
    from + ((to - from) * ((value > 0 ? Math.log10(value) : low) - low)) / (high - low);
  const steps = high - low > 2 ? [1] : high - low > 1 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    for (const step of steps) {
      const exponent = power + Math.log10(step);
      if (exponent >= low && exponent <= high) ticks.push(Number((step * 10 ** power).toPrecision(6)));
    }
  }
  return { at, ticks };
}

/** A linear scale of shares over `values`, at least ten points high, marked at round shares. */
export function shareScale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  let low = Math.max(0, Math.min(1, ...values) - 0.015);
  let high = Math.min(1, Math.max(0, ...values) + 0.015);
  if (high - low < 0.1) {
    low = Math.max(0, high - 0.1);
    high = Math.min(1, low + 0.1);
  }
  const step = [0.02, 0.05, 0.1, 0.2].find((size) => (high - low) / size <= 6) ?? 0.25;
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9; index++) {
    ticks.push(Number((index * step).toFixed(4)));
  }
  return { at: (value) => from + ((to - from) * (value - low)) / (high - low), ticks };
}
