import { type Curve, evaluateCurve } from "../../core/math/curve.ts";
import type { Matrix } from "../../numerics/matrix.ts";
import { fitCalibration } from "./calibrate.ts";

/** Tried: from believing own heads as far as a prompt is familiar, to believing them only where it is so without doubt. */
const powers = [1, 2, 4, 8, 12, 16, 24] as const;
// What caution on prompts of other kinds may cost on left-out prompts of known tasks, as a share of the squared error.
const MAY_COST = 0.01;

export interface FittedTrust {
  /** trust = familiarity ^ power: the share of own heads in what is said of a prompt */
  readonly power: number;
  readonly calibration: Curve;
}

interface LeftOut {
  /** [prompts, models] what own heads say of left-out prompts */
  readonly own: Matrix;
  /** [prompts, models] what is believed of unfamiliar prompts */
  readonly fallback: Matrix;
  /** [prompts] of left-out prompts */
  readonly familiarity: Float64Array;
}

/**
 * Chooses how sharply trust falls with familiarity. Prompts of a left-out suite are often as familiar as those of known
 * tasks, and own heads mislead there, so that caution gains there whatever it is; what it costs is seen on left-out
 * prompts of known tasks, and the most that costs next to nothing is taken.
 * @param outcomes [prompts, models], NaN where there is none
 * @param isTaught whether whole suites were left out to learn what familiarity is; else trust is familiarity
 */
export function fitTrust(
  { own, fallback, familiarity }: LeftOut,
  outcomes: Matrix,
  isTaught: boolean,
): FittedTrust {
  const fits = (isTaught ? powers : [1]).map((power) => {
    const trust = familiarity.map((value) => value ** power);
    const calibration = fitCalibration(own, outcomes, { trust, fallback });
    let error = 0;
    outcomes.data.forEach((y, k) => {
      if (Number.isNaN(y)) return;
      const rest = fallback.data[k];
      const p =
        rest + trust[Math.floor(k / outcomes.columns)] * (evaluateCurve(calibration, own.data[k]) - rest);
      error += (p - y) ** 2;
    });
    return { power, calibration, error };
  });
  const least = Math.min(...fits.map(({ error }) => error));
  const { power, calibration } = fits.findLast(({ error }) => error <= (1 + MAY_COST) * least) as FittedTrust;
  return { power, calibration };
}
