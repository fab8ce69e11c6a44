import type { Dataset } from "../../training/dataset.ts";

/** Which prompts a router learns from and which it is judged on; indices into one dataset, ascending. */
export interface Split {
  /** What is held out, for progress messages. */
  readonly name: string;
  readonly train: Int32Array;
  readonly test: Int32Array;
  /** Prompts that would be in training, were their normalized text not that of a test prompt. */
  readonly dropped: number;
}

/**
 * The split with these test prompts. Everything else is training, except prompts with the text of a test prompt and
 * those that `alsoHeldOut` names.
 */
export function splitAround(
  name: string,
  { textKeys }: Pick<Dataset, "textKeys">,
  isTest: (prompt: number) => boolean,
  alsoHeldOut: (prompt: number) => boolean = () => false,
): Split {
  const test: number[] = [];
  const rest: number[] = [];
  for (let i = 0; i < textKeys.length; i++) {
    if (isTest(i)) test.push(i);
    else if (!alsoHeldOut(i)) rest.push(i);
  }
  const testKeys = new Set(test.map((i) => textKeys[i] as string));
  const train = rest.filter((i) => !testKeys.has(textKeys[i] as string));
  return {
    name,
    train: Int32Array.from(train),
    test: Int32Array.from(test),
    dropped: rest.length - train.length,
  };
}
