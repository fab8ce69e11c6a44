import { unwrap } from "../../src/cli/failure.ts";
import type { Catalogue } from "../../src/core/catalogue.ts";
import { type Decision, type DecisionRequest, decide } from "../../src/core/decide.ts";
import type { Prediction, Predictor } from "../../src/core/predictor.ts";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { type EncoderDefense, embeddingOf, type Seen, see } from "./embed.ts";
import { type Parting, partingNames, partings } from "./parts.ts";

/** What is attacked. */
export interface Router {
  readonly predictor: Predictor;
  readonly catalogue: Catalogue;
}

/** A way of deciding, under attack or not. */
export interface Setting {
  readonly name: string;
  readonly rule: DecisionRequest["rule"];
  readonly maxUsd?: number;
  readonly exclude?: readonly string[];
  readonly defense?: EncoderDefense;
  /** `ends`: the cheapest of what whole and parts choose. `thirds`: the median of the parts' scores, model by model. */
  readonly parting?: Parting;
}

/** A text as the encoder sees it, whole and in parts. */
export interface SeenText {
  readonly text: string;
  readonly whole: Seen;
  /** Absent where no parts are asked for. */
  readonly parts?: Readonly<Record<Parting, readonly Seen[]>>;
}

export async function seeAll(texts: readonly string[], withParts: boolean): Promise<readonly SeenText[]> {
  const seen: SeenText[] = [];
  // Two at a time: the native runtime computes each on a thread of its own.
  for (let k = 0; k < texts.length; k += 2)
    seen.push(...(await Promise.all(texts.slice(k, k + 2).map((text) => seeText(text, withParts)))));
  return seen;
}

async function seeText(text: string, withParts: boolean): Promise<SeenText> {
  const whole = await see(text);
  if (!withParts) return { text, whole };
  const parts = partingNames.map(async (name) => [name, await Promise.all(partings[name](text).map(see))]);
  return { text, whole, parts: Object.fromEntries(await Promise.all(parts)) };
}

/** What is chosen for each text. */
export async function decideAll(
  router: Router,
  seen: readonly SeenText[],
  setting: Setting,
): Promise<readonly Decision[]> {
  const decisions: Decision[] = [];
  for (const each of seen) decisions.push(await decideText(router, each, setting));
  return decisions;
}

async function decideText(router: Router, { text, whole, parts }: SeenText, setting: Setting) {
  const predict = async (seen: Seen) => router.predictor.predict(await embeddingOf(seen, setting.defense));
  const inputTokens = estimateInputTokens([{ role: "user", content: text }]);
  const prediction = await predict(whole);
  if (setting.parting === undefined) return decideOn(router, prediction, inputTokens, setting);
  const ofParts = await Promise.all((parts?.[setting.parting] ?? []).map(predict));
  if (setting.parting === "thirds") {
    const decisionScore = prediction.decisionScore.map((_, m) =>
      median(ofParts.map((part) => part.decisionScore[m])),
    );
    return decideOn(router, { ...prediction, decisionScore }, inputTokens, setting);
  }
  const decision = decideOn(router, prediction, inputTokens, setting);
  const chosen = new Set([decision.model]);
  for (const part of ofParts) chosen.add(decideOn(router, part, inputTokens, setting).model);
  const [cheapest = decision] = decision.ranking
    .filter(({ model }) => chosen.has(model))
    .toSorted((a, b) => a.expectedUsd - b.expectedUsd);
  return { ...decision, model: cheapest.model, expectedUsd: cheapest.expectedUsd };
}

function decideOn(
  { predictor, catalogue }: Router,
  prediction: Prediction,
  inputTokens: number,
  { rule, maxUsd, exclude }: Setting,
): Decision {
  const request: DecisionRequest = {
    inputTokens,
    require: { capabilities: [] },
    rule,
    ...(exclude === undefined ? {} : { exclude }),
  };
  const capped =
    maxUsd === undefined ? undefined : decide(predictor, catalogue, prediction, { ...request, maxUsd });
  if (capped?.ok) return capped.value;
  // A caller whose ceiling is below every model sends the prompt to the cheapest.
  const cheapest = { ...request, rule: { kind: "tolerance", tolerance: 1 } } as const;
  return unwrap(decide(predictor, catalogue, prediction, maxUsd === undefined ? request : cheapest));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
