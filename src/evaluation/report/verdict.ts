import type { EvaluationReport, RouterReport, Verdict } from "./report.ts";

type Measured = Omit<EvaluationReport, "verdict">;

/** The kind that `train` makes by default. */
const SERVED = "landmark-heads";
// More than that many times the prompts at hand, and nobody would collect them for a gain so small.
const HOPELESS_FACTOR = 20;

/** Says what the figures mean: quality, cost, the best kind, and what would settle an open question. */
export function verdictOf(report: Measured): Verdict | undefined {
  const [name = "", router] =
    report.routers[SERVED] === undefined ? bestOf(report) : [SERVED, report.routers[SERVED]];
  if (router === undefined) return undefined;
  const quality = qualityOf(router);
  const missing = quality === "no_gain_shown" ? promptsToSettle(report, router) : undefined;
  const better = betterKind(report, name, router);
  return {
    router: name,
    quality,
    ...(missing === undefined ? {} : { prompts_to_settle: missing }),
    ...(router.cost === undefined ? {} : { saving_at_parity: router.cost.savingAtParity }),
    ...(better === undefined ? {} : { better_kind: better }),
    sentences: [
      qualitySentence(quality, router),
      costSentence(report, router),
      kindSentence(report, name, better),
      ...(quality === "no_gain_shown" ? [settleSentence(missing)] : []),
    ],
  };
}

function bestOf({ routers }: Measured): readonly [string, RouterReport] | readonly [] {
  return Object.entries(routers).sort(([, a], [, b]) => b.score - a.score)[0] ?? [];
}

function qualityOf({ gain_ci95: [low, high] }: RouterReport): Verdict["quality"] {
  return low > 0 ? "gain" : high < 0 ? "loss" : "no_gain_shown";
}

function qualitySentence(
  quality: Verdict["quality"],
  { gain, gain_ci95: [low, high] }: RouterReport,
): string {
  const interval = `${signed(low)} to ${signed(high)}`;
  if (quality === "no_gain_shown")
    return `Quality: no gain over the best single model is shown, ${interval} (95 % interval).`;
  const what = quality === "gain" ? "gains" : "loses";
  const against = quality === "gain" ? "over" : "against";
  return `Quality: routing ${what} ${points(Math.abs(gain))} of correct answers ${against} the best single model, ${interval} (95 % interval).`;
}

function costSentence({ unpriced_models: unpriced }: Measured, { cost }: RouterReport): string {
  if (cost === undefined) {
    const what =
      unpriced === undefined ? "no prices were given" : `no price is known of ${unpriced.join(", ")}`;
    return `Cost: not told, since ${what}; give a catalogue or price list with --prices.`;
  }
  const { savingAtParity: same, savingWithin02: near } = cost;
  if (same >= 0.005) return `Cost: the best single model's quality for ${percent(same)} less.`;
  if (near >= 0.005)
    return `Cost: nothing saved at the best single model's quality; ${percent(near)} less where .02 of it may be given up.`;
  return "Cost: nothing saved, neither at the best single model's quality nor within .02 of it.";
}

function kindSentence(report: Measured, name: string, better: string | undefined): string {
  const [best = name, router] = bestOf(report);
  if (Object.keys(report.routers).length < 2) return `Only ${name} was compared; --routers names others.`;
  if (best === name) return `Best kind on this data: ${name}.`;
  const lead = signed((router as RouterReport).score - (report.routers[name] as RouterReport).score);
  return better === undefined
    ? `Best kind on this data: ${best}, by ${lead}, which may be chance; ${name} does as well as can be told.`
    : `Best kind on this data: ${best}, by ${lead} over ${name}, more than chance would have it.`;
}

/** Where another router's whole interval lies above the gain of this one. */
function betterKind(report: Measured, name: string, router: RouterReport): string | undefined {
  const [best, other] = bestOf(report);
  return best !== undefined && best !== name && other !== undefined && other.gain_ci95[0] > router.gain
    ? best
    : undefined;
}

/** Intervals shrink with the root of the number of prompts. */
function promptsToSettle(
  { prompts }: Measured,
  { gain, gain_ci95: [low, high] }: RouterReport,
): number | undefined {
  const halfWidth = (high - low) / 2;
  const needed = prompts * (halfWidth / Math.abs(gain)) ** 2;
  if (!(needed < HOPELESS_FACTOR * prompts)) return undefined;
  const missing = Math.max(needed - prompts, 1);
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(missing)) - 1);
  return Math.ceil(missing / digits) * digits;
}

function settleSentence(missing: number | undefined): string {
  if (missing === undefined)
    return "More prompts of this kind would hardly settle it: the models are level here.";
  return `About ${missing.toLocaleString("en-US")} more prompts of this kind would settle it, if the gain stays what it is.`;
}

function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(3).replace(/^0/, "")}`;
}

function points(value: number): string {
  return `${(100 * value).toFixed(1)} points`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
