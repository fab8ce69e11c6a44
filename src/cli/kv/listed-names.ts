/** More names than this are a wall in which nobody finds what matters. */
const MOST_NAMES = 12;
const SHOWN = 8;

/** `a, b, c`, or the first of many and how many more there are. */
export function listedNames(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(", ");
  return `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more`;
}
