import type { RouteRequestInput } from "../../client/index.ts";
import type { RuleKind } from "./rules.ts";

export const capabilities = ["vision", "tools", "json", "reasoning"] as const;
export type Capability = (typeof capabilities)[number];

/** What the controls of one setting hold, as they stand in the form. */
export interface Settings {
  readonly rule: RuleKind;
  readonly spend: number;
  readonly tolerance: number;
  readonly minPCorrect: number;
  /** Names and wildcards, separated by commas or spaces. */
  readonly models: string;
  readonly exclude: string;
  readonly require: readonly Capability[];
  /** Only models that chat can be sent to from here. */
  readonly withKey: boolean;
  /** 0 where any will do. */
  readonly contextTokens: number;
  /** USD per 1,000 prompts; empty where there is no ceiling. */
  readonly ceiling: string;
}

export const standardSettings: Settings = {
  rule: "spend",
  spend: 0.5,
  tolerance: 0.05,
  minPCorrect: 0.8,
  models: "",
  exclude: "",
  require: [],
  withKey: false,
  contextTokens: 0,
  ceiling: "",
};

/**
 * The fields of a request that the settings stand for; what is left alone is left out.
 * @param withoutKey models that chat can't be sent to
 */
export function toOptions(
  settings: Settings,
  withoutKey: readonly string[] = [],
): Omit<RouteRequestInput, "prompt" | "messages"> {
  const { rule, spend, tolerance, minPCorrect, contextTokens } = settings;
  const models = words(settings.models);
  const exclude = [...words(settings.exclude), ...(settings.withKey ? withoutKey : [])];
  const ceiling = Number(settings.ceiling);
  const require = {
    ...(contextTokens > 0 ? { context_tokens: contextTokens } : {}),
    ...Object.fromEntries(settings.require.map((capability) => [capability, true])),
  };
  return {
    ...(rule === "spend" ? { spend } : {}),
    ...(rule === "tolerance" ? { tolerance } : {}),
    ...(rule === "min_p_correct" ? { min_p_correct: minPCorrect } : {}),
    ...(rule === "quality" ? { objective: "quality" as const } : {}),
    ...(models.length > 0 ? { models } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(Object.keys(require).length > 0 ? { require } : {}),
    ...(settings.ceiling.trim() !== "" && ceiling > 0 ? { max_usd: ceiling / 1000 } : {}),
  };
}

/** A second setting that is worth comparing with the first: the same, but thriftier; the best where it was not by spend. */
export function contrastingSettings(settings: Settings): Settings {
  if (settings.rule !== "spend") return { ...settings, rule: "quality" };
  return { ...settings, spend: Math.round(settings.spend * 20) / 100 };
}

/** How many filters are set: the summary of the closed group says so. */
export function countFilters(settings: Settings): number {
  return (
    Number(words(settings.models).length > 0) +
    Number(words(settings.exclude).length > 0) +
    settings.require.length +
    Number(settings.withKey) +
    Number(settings.contextTokens > 0) +
    Number(settings.ceiling.trim() !== "")
  );
}

/** Names that are separated by commas or spaces. */
export function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}
