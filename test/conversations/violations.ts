import type { Secret } from "./people.ts";

/** Invariants that did not hold, in a sentence each. */
export class Violations {
  readonly #found: string[] = [];

  add(sentence: string): void {
    this.#found.push(sentence);
  }

  /** Throws where there is one, so that the run ends at the command that brought it. */
  check(): void {
    if (this.#found.length > 0) throw new Error(this.#found.slice(0, 5).join("\n"));
  }
}

export function holdsNothingOf(
  secrets: readonly Secret[],
  text: string,
  where: string,
  violations: Violations,
): void {
  for (const { name, forms } of secrets) {
    if (forms.some((form) => text.includes(form))) violations.add(`${where} holds ${name}`);
  }
}
