import type { RouteResponse } from "../../contract/route.ts";
import { percent, points, priceAgainst, usdPerThousand } from "../format.ts";
import type { Settings } from "../settings/settings.ts";

/** Why this model, as a person would say it. */
export function reasonSentence({ reason, ranking, p_correct }: RouteResponse, settings: Settings): string {
  const others = `${ranking.length} candidates`;
  switch (reason) {
    case "highest_p_correct":
      return settings.rule === "min_p_correct" && p_correct < settings.minPCorrect
        ? `None of the ${others} reaches ${percent(settings.minPCorrect)}, so it is the likeliest to be right.`
        : `Of ${others} it is the likeliest to be right.`;
    case "cheapest_within_tolerance":
      return `The cheapest of ${others} that is at most ${points(settings.tolerance)} behind the best.`;
    case "cheapest_above_threshold":
      return `The cheapest of ${others} that is right with at least ${percent(settings.minPCorrect)}.`;
    case "best_value":
      return `The best value of ${others} at spend ${settings.spend.toFixed(2)}: a better model's extra correctness is not worth its extra cost.`;
    case "best_on_average":
      return "The prompt is unlike the benchmark prompts, so the model that is best on average is used.";
    case "task_profile":
      return "The stored profile of this task prefers it.";
    case "only_candidate":
      return "It is the only model that the filters leave.";
    case "kept_current":
      return "The chat stays on its model: with its input cached there, switching would not pay.";
    case "escalated":
      return "Tools failed three times in a row, so the chat goes one step up to a better model.";
    case "explored":
      return "Drawn at random among candidates within the operator's bounds, to measure what they are worth.";
  }
}

/** The chosen model beside the likeliest one, or beside the cheapest where it is the likeliest itself. */
export function alternativeSentence({
  model,
  p_correct,
  expected_usd,
  ranking,
}: RouteResponse): string | undefined {
  const chosen = { p_correct, expected_usd };
  const likeliest = extreme(ranking, (a, b) => a.p_correct - b.p_correct || b.expected_usd - a.expected_usd);
  const cheapest = extreme(ranking, (a, b) => b.expected_usd - a.expected_usd || a.p_correct - b.p_correct);
  if (likeliest !== undefined && likeliest.model !== model && likeliest.p_correct > p_correct) {
    const price = priceAgainst(expected_usd, likeliest.expected_usd);
    if (isLevel(likeliest.p_correct - p_correct))
      return `As likely to be right as ${likeliest.model}, and ${price}.`;
    return `${points(likeliest.p_correct - p_correct)} less likely to be right than ${likeliest.model}, but ${price}.`;
  }
  if (cheapest !== undefined && cheapest.model !== model) {
    const price = priceAgainst(cheapest.expected_usd, chosen.expected_usd);
    const lost = p_correct - cheapest.p_correct;
    return `The cheapest, ${cheapest.model}, would be ${price} and ${isLevel(lost) ? "as likely" : `${points(lost)} less likely`} to be right.`;
  }
  return undefined;
}

/** Chat takes only what it has a key for: what that is, where the decision is another. */
export function keySentence({ ranking }: RouteResponse, withoutKey: readonly string[]): string {
  const reached = ranking.find(({ model }) => !withoutKey.includes(model));
  return reached === undefined
    ? "Chat can't be sent there: this Worker has no key of any provider that is allowed."
    : `Chat can't be sent there: this Worker has no key of its provider. "With a key" among the filters leaves it out.`;
}

/** What changes from the first decision to the second. */
export function differenceSentence(a: RouteResponse, b: RouteResponse): string {
  if (a.model === b.model) return `Both settings choose ${a.model}.`;
  const better = b.p_correct - a.p_correct;
  const chance = isLevel(better)
    ? "as likely to be right"
    : `${points(better)} ${better > 0 ? "likelier" : "less likely"} to be right`;
  return `B takes ${b.model} instead of ${a.model}: ${chance}, ${priceAgainst(b.expected_usd, a.expected_usd)}.`;
}

/** For the live region: everything that matters, once. */
export function announcement(response: RouteResponse, settings: Settings): string {
  return `${response.model}, ${percent(response.p_correct)} likely to be right, ${usdPerThousand(response.expected_usd)} for 1,000 prompts. ${reasonSentence(response, settings)}`;
}

/** A difference that would be shown as 0 points. */
function isLevel(difference: number): boolean {
  return Math.abs(difference) < 0.0005;
}

function extreme<T>(items: readonly T[], compare: (a: T, b: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || compare(item, best) > 0 ? item : best),
    undefined,
  );
}
