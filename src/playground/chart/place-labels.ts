/** A text beside a point; `anchor` is where the text's x is. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

/** A point that texts had better leave visible. */
export interface Obstacle {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

export interface Labeled {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Mean width of a character of the 12 px labels. */
const CHARACTER_PX = 6.3;
const LINE_PX = 13;
const GAP_PX = 9;
/** Weight of points that a text may cover; the first text, which matters most, may cover any. */
const MAX_HIDDEN = 1;

/**
 * Places each text above left or below right of its point, where frontiers leave room, or else wherever it hides no
 * other text and no obstacle. The first ones have the first choice; one that fits nowhere is left out.
 */
export function placeLabels(
  labeled: readonly Labeled[],
  obstacles: readonly Obstacle[],
  within: Box,
): readonly Label[] {
  const taken: Box[] = [];
  const placed: Label[] = [];
  for (const { text, x, y } of labeled) {
    const label = candidates(text, x, y)
      .map((candidate) => ({ candidate, box: boxOf(candidate) }))
      .filter(({ box }) => contains(within, box))
      .filter(({ box }) => !taken.some((other) => overlap(box, other)))
      .map(({ candidate, box }) => ({ candidate, box, hidden: weightInside(obstacles, box) }))
      .filter(({ hidden }) => hidden <= MAX_HIDDEN || placed.length === 0)
      .sort((a, b) => a.hidden - b.hidden)[0];
    if (label === undefined) continue;
    taken.push(label.box);
    placed.push(label.candidate);
  }
  return placed;
}

function candidates(text: string, x: number, y: number): readonly Label[] {
  return [
    { text, x: x - GAP_PX, y: y - 5, anchor: "end" },
    { text, x: x + GAP_PX, y: y + 15, anchor: "start" },
    { text, x: x + GAP_PX, y: y + 4, anchor: "start" },
    { text, x: x - GAP_PX, y: y + 4, anchor: "end" },
    { text, x: x + GAP_PX, y: y - 7, anchor: "start" },
    { text, x: x - GAP_PX, y: y + 17, anchor: "end" },
  ];
}

function boxOf({ text, x, y, anchor }: Label): Box {
  const width = text.length * CHARACTER_PX;
  const left = anchor === "start" ? x : x - width;
  return { left, right: left + width, top: y - LINE_PX + 3, bottom: y + 3 };
}

function contains(outer: Box, inner: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.right <= outer.right &&
    inner.top >= outer.top &&
    inner.bottom <= outer.bottom
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function weightInside(points: readonly Obstacle[], box: Box): number {
  const air = 4;
  return points
    .filter(
      ({ x, y }) => x > box.left - air && x < box.right + air && y > box.top - air && y < box.bottom + air,
    )
    .reduce((sum, { weight }) => sum + weight, 0);
}
