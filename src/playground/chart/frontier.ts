/** A model as a point: what it costs and how likely it is to be right. */
export interface Point {
  readonly model: string;
  readonly pCorrect: number;
  readonly usd: number;
}

/**
 * The Pareto frontier: the points that no other beats in both cost and correctness, cheapest first. Of equals the
 * first by name stays.
 */
export function frontierOf(points: readonly Point[]): readonly Point[] {
  const cheapestFirst = [...points].sort(
    (a, b) => a.usd - b.usd || b.pCorrect - a.pCorrect || (a.model < b.model ? -1 : 1),
  );
  const frontier: Point[] = [];
  for (const point of cheapestFirst) {
    if (point.pCorrect > (frontier.at(-1)?.pCorrect ?? -1)) frontier.push(point);
  }
  return frontier;
}
