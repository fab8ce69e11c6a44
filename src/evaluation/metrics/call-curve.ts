/** Quality of a two-model router at every share of calls to the strong model. */
export interface CallCurve {
  /** Rising from 0 to 1: share of prompts sent to the strong model. */
  readonly strongShare: readonly number[];
  /** Mean score there. */
  readonly quality: readonly number[];
}

/** RouteLLM's measures of a two-model router (arXiv 2406.18665, section 3.2). */
export interface CallMeasures {
  /** Average performance gap recovered: area under (quality - weak) / (strong - weak) over the share of strong calls. */
  readonly apgr: number;
  /** Least share of strong calls that recovers half of the gap; NaN where none does. */
  readonly cpt50: number;
  readonly cpt80: number;
}

/**
 * Sends the prompts of highest preference to the strong model first. Prompts of equal preference enter together, so
 * that the curve is a straight line through them: the mean over all orders.
 *
 * @param preference [prompts] how much the strong model is preferred
 * @param strong [prompts] score of the strong model @param weak [prompts] score of the weak model
 */
export function traceCalls(preference: Float64Array, strong: Float64Array, weak: Float64Array): CallCurve {
  const prompts = preference.length;
  const order = Uint32Array.from(preference.keys()).sort((a, b) => preference[b] - preference[a]);
  let total = weak.reduce((sum, value) => sum + value, 0);
  const strongShare = [0];
  const quality = [total / prompts];
  for (let k = 0; k < prompts; k++) {
    const i = order[k];
    total += strong[i] - weak[i];
    const next = order[k + 1];
    if (next !== undefined && preference[next] === preference[i]) continue;
    strongShare.push((k + 1) / prompts);
    quality.push(total / prompts);
  }
  return { strongShare, quality };
}

export function measureCalls({ strongShare, quality }: CallCurve): CallMeasures {
  const weak = quality[0];
  const gap = (quality.at(-1) as number) - weak;
  let area = 0;
  for (let k = 1; k < quality.length; k++) {
    const width = strongShare[k] - strongShare[k - 1];
    area += (width * (quality[k] + quality[k - 1] - 2 * weak)) / 2;
  }
  const callsFor = (part: number) => firstReaching(strongShare, quality, weak + part * gap);
  return { apgr: area / gap, cpt50: callsFor(0.5), cpt80: callsFor(0.8) };
}

/** Least x at which the line through the points reaches `level`; NaN where it doesn't. */
export function firstReaching(x: readonly number[], y: readonly number[], level: number): number {
  for (let k = 0; k < y.length; k++) {
    if (y[k] < level) continue;
    if (k === 0) return x[0];
    const [x0, x1, y0, y1] = [x[k - 1], x[k], y[k - 1], y[k]] as [number, number, number, number];
    return x0 + ((level - y0) / (y1 - y0)) * (x1 - x0);
  }
  return Number.NaN;
}
