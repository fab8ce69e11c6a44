/** What completions showed of how much an LLM writes, by model. */
export type LearnedLengths = ReadonlyMap<string, LearnedLength>;

export interface LearnedLength {
  /** Completions that were counted. */
  readonly completions: number;
  /** Added to the log of its expected answer. */
  readonly wordiness: number;
  /** Tokens that it writes and nobody sees, in place of the catalogue's guess. */
  readonly hidden: number;
}

/** What was counted of one LLM's completions; sums. */
export interface CountedTokens {
  readonly model: string;
  readonly completions: number;
  readonly expected: number;
  readonly visible: number;
  readonly hidden: number;
  /** What the catalogue said of hidden ones. */
  readonly assumed: number;
}

/** Completions that the bundle and the catalogue stand for: that few change half of it. */
const PRIOR_COMPLETIONS = 20;

export function learnLengths(counted: readonly CountedTokens[]): LearnedLengths {
  return new Map(
    counted
      .filter(({ completions }) => completions > 0)
      .map(({ model, completions, expected, visible, hidden, assumed }) => {
        const weight = PRIOR_COMPLETIONS / completions;
        return [
          model,
          {
            completions,
            // Of sums, so that the mean comes true: bills add up tokens, not logarithms.
            wordiness: Math.log((visible + weight * expected) / (expected * (1 + weight))),
            hidden: (hidden + weight * assumed) / (completions * (1 + weight)),
          },
        ];
      }),
  );
}
