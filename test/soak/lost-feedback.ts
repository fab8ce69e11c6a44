interface Feedback {
  /** Number of the decision to the score that was sent. */
  readonly sent: ReadonlyMap<string, number>;
  /** Decisions whose feedback was answered with 200. */
  readonly accepted: ReadonlySet<string>;
}

/** Every feedback that was answered is a row with its score, and no row is there that nobody sent; what isn't so. */
export function lostFeedback(
  { sent, accepted }: Feedback,
  rows: ReadonlyMap<string, number>,
): readonly string[] {
  const lost = [...accepted].filter((decision) => !rows.has(decision));
  const strange = [...rows].filter(([decision, score]) => sent.get(decision) !== score);
  return [
    ...lost.map((decision) => `feedback on ${decision} was accepted, and no row has it`),
    ...strange.map(([decision]) => `a row on ${decision} is not what was sent`),
  ];
}
