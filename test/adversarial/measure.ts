import { unwrap } from "../../src/cli/failure.ts";
import { type Decision, type DecisionRequest, decide } from "../../src/core/decide.ts";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { type EncoderDefence, embeddingOf, type Seen } from "./embed.ts";
import type { AttackedSuite } from "./suite.ts";

/** A way of deciding, under attack or not. */
export interface Setting {
  readonly name: string;
  readonly rule: DecisionRequest["rule"];
  readonly maxUsd?: number;
  readonly exclude?: readonly string[];
  readonly defence?: EncoderDefence;
}

export interface Measured {
  /** Share of prompts that go to the target. */
  readonly toTarget: number;
  /** Mean score of the chosen models on the prompts, where there is a result: models are taken to answer as before. */
  readonly score: number;
  /** Mean bill that the router expects, USD for 1,000 prompts. */
  readonly usdPer1000: number;
  /** Share that is decided by what is best on average. */
  readonly unfamiliar: number;
  readonly chosen: readonly string[];
}

/** Decides every prompt; `seen` are the texts as the encoder saw them, `texts` what would be sent. */
export async function measure(
  { predictor, catalogue, outcomes }: AttackedSuite,
  seen: readonly Seen[],
  texts: readonly string[],
  target: string,
  { rule, maxUsd, exclude, defence }: Setting,
): Promise<Measured> {
  const decisions: Decision[] = [];
  for (const [i, each] of seen.entries()) {
    const prediction = predictor.predict(await embeddingOf(each, defence));
    const request: DecisionRequest = {
      inputTokens: estimateInputTokens([{ role: "user", content: texts[i] as string }]),
      require: { capabilities: [] },
      rule,
      ...(exclude === undefined ? {} : { exclude }),
    };
    const capped =
      maxUsd === undefined ? undefined : decide(predictor, catalogue, prediction, { ...request, maxUsd });
    // A caller whose ceiling is below every model sends the prompt to the cheapest.
    const cheapest = { ...request, rule: { kind: "tolerance", tolerance: 1 } } as const;
    decisions.push(
      capped?.ok
        ? capped.value
        : unwrap(decide(predictor, catalogue, prediction, maxUsd === undefined ? request : cheapest)),
    );
  }
  const scores = decisions.map(({ model }, i) => outcomes(i, model)).filter((score) => !Number.isNaN(score));
  return {
    toTarget: share(decisions, ({ model }) => model === target),
    score: mean(scores),
    usdPer1000: 1000 * mean(decisions.map(({ expectedUsd }) => expectedUsd)),
    unfamiliar: share(decisions, ({ familiarity }) => familiarity < 0.5),
    chosen: decisions.map(({ model }) => model),
  };
}

function share<T>(list: readonly T[], holds: (item: T) => boolean): number {
  return list.filter(holds).length / list.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
