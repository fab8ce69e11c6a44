/** Headers of every answer that comes with a decision, and what they hold. */
export const decisionHeaderMeanings = {
  "x-signalbox-model": "The chosen model.",
  "x-signalbox-reason": "Why it was chosen.",
  "x-signalbox-p-correct": "Probability that it answers correctly, four decimals.",
  "x-signalbox-bundle": "Checksum of the router bundle that decided.",
  "x-signalbox-decision": "The decision's id.",
} as const;

export type DecisionHeader = keyof typeof decisionHeaderMeanings;
