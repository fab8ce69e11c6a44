import { sentenceOf } from "../failure.ts";

/** What decisions are tried on. */
export const PROMPT = "How many positive divisors does 360 have?";

/** What one look at the installation found. */
export interface Check {
  readonly name: string;
  /** `skip` where there is nothing to look at, or nothing to look with. */
  readonly status: "pass" | "fail" | "skip";
  readonly detail: string;
  /** What to do about it. */
  readonly next?: string;
}

export function pass(name: string, detail: string): Check {
  return { name, status: "pass", detail };
}

export function failed(name: string, detail: string, next: string): Check {
  return { name, status: "fail", detail, next };
}

export function skipped(name: string, detail: string, next?: string): Check {
  return { name, status: "skip", detail, ...(next === undefined ? {} : { next }) };
}

/** Runs a check; whatever it throws is its failure. */
export async function attempt(name: string, next: string, work: () => Promise<Check>): Promise<Check> {
  const [check] = await attemptAll(name, next, async () => [await work()]);
  return check as Check;
}

/** Runs checks that need the same thing; what is thrown is the failure of all of them, under one name. */
export async function attemptAll(
  name: string,
  next: string,
  work: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await work();
  } catch (error) {
    const message = sentenceOf(error) ?? (error instanceof Error ? error.message : String(error));
    return [failed(name, message.split("\n")[0] as string, next)];
  }
}
