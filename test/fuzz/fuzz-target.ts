import { sample } from "fast-check";
import { type Random, seededRandom } from "../../src/numerics/random.ts";
import type { Coverage } from "./coverage.ts";
import { mutateBytes, pick } from "./mutate.ts";
import { readSeeds } from "./seeds.ts";
import { shrink } from "./shrink.ts";
import type { Target } from "./target.ts";

export interface FuzzOptions {
  readonly seed: number;
  /** Inputs beyond examples and kept seeds. */
  readonly runs: number;
  /** Ends earlier after this many milliseconds. */
  readonly milliseconds?: number;
  /** Mutation goes on from what reaches new code; without it only from the examples, and equal seeds give equal inputs. */
  readonly coverage?: Coverage;
  /** Told of each input before it runs, for a watchdog in another thread. */
  readonly onInput?: (input: Uint8Array) => void;
}

export interface Broken {
  readonly input: Uint8Array;
  readonly error: string;
}

export interface FuzzReport {
  readonly target: string;
  readonly tried: number;
  readonly accepted: number;
  /** Code -> how many were refused with it. */
  readonly refused: Readonly<Record<string, number>>;
  /** One input, made as short as it can be, for each different error. */
  readonly broken: readonly Broken[];
  /** Inputs that reached new code. */
  readonly corpus: number;
  readonly slowestMs: number;
}

// Generous: a shared machine pauses for hundreds of milliseconds. What is quadratic shows in linear-time.test.ts.
const MS_PER_RUN = 2000;
const MS_PER_KILOBYTE = 20;
const RSS_BYTES_PER_RUN = 512 * 1024 ** 2;
const MOST_BROKEN = 20;
const GENERATED_AT_ONCE = 100;

/** Tries kept seeds, examples, and inputs made from them on one target. */
export async function fuzzTarget(target: Target, options: FuzzOptions): Promise<FuzzReport> {
  const random = seededRandom(options.seed);
  const tally = { tried: 0, accepted: 0, slowestMs: 0 };
  const refused: Record<string, number> = {};
  const broken = new Map<string, Broken>();
  const corpus: Uint8Array[] = [];

  async function tryInput(input: Uint8Array): Promise<void> {
    options.onInput?.(input);
    tally.tried++;
    const { outcome, error, milliseconds } = await runOnce(target, input);
    tally.slowestMs = Math.max(tally.slowestMs, milliseconds);
    if (error !== undefined) {
      const key = kindOf(error);
      if (!broken.has(key) && broken.size < MOST_BROKEN) {
        const fails = async (candidate: Uint8Array) => {
          const again = await runOnce(target, candidate);
          return again.error !== undefined && kindOf(again.error) === key;
        };
        broken.set(key, { input: await shrink(input, fails), error });
      }
    } else if (outcome === "accepted") tally.accepted++;
    else refused[outcome] = (refused[outcome] ?? 0) + 1;
    if (options.coverage?.isNew()) corpus.push(input);
  }

  const examples = await target.examples();
  for (const input of [...readSeeds(target.name), ...examples]) await tryInput(input);
  const until = performance.now() + (options.milliseconds ?? Number.POSITIVE_INFINITY);
  const generate = generator(target, examples, corpus, random);
  for (let run = 0; run < options.runs && performance.now() < until; run++) await tryInput(generate());
  return { target: target.name, ...tally, refused, broken: [...broken.values()], corpus: corpus.length };
}

/** Inputs from fast-check, examples changed in their own terms, and changed bytes, in turns. */
function generator(
  target: Target,
  examples: readonly Uint8Array[],
  corpus: readonly Uint8Array[],
  random: Random,
): () => Uint8Array {
  const { inputs, mutate, words } = target;
  let generated: Uint8Array[] = [];
  return () => {
    const choice = random();
    if (inputs !== undefined && choice < 0.3) {
      if (generated.length === 0) {
        generated = sample(inputs, { numRuns: GENERATED_AT_ONCE, seed: Math.floor(random() * 2 ** 31) });
      }
      return generated.pop() as Uint8Array;
    }
    const from = () => pick(random() < 0.5 || corpus.length === 0 ? examples : corpus, random);
    if (mutate !== undefined && choice < 0.7) return mutate(from(), random);
    return mutateBytes(from(), random, words, from());
  };
}

interface RunOutcome {
  readonly outcome: string;
  readonly error?: string;
  readonly milliseconds: number;
}

async function runOnce(target: Target, input: Uint8Array): Promise<RunOutcome> {
  const copy = input.slice();
  const rss = process.memoryUsage.rss();
  const start = performance.now();
  let outcome = "";
  let error: string | undefined;
  try {
    outcome = await target.run(copy);
    if (outcome !== "accepted" && !target.codes.includes(outcome))
      error = `the code ${outcome} is not declared`;
  } catch (thrown) {
    error =
      thrown instanceof Error ? `${thrown.name}: ${thrown.message}\n${placeOf(thrown)}` : String(thrown);
  }
  const milliseconds = performance.now() - start;
  const limit = MS_PER_RUN + (input.length / 1024) * MS_PER_KILOBYTE;
  if (error === undefined && milliseconds > limit) error = `took ${Math.round(milliseconds)} ms`;
  const grown = process.memoryUsage.rss() - rss;
  if (error === undefined && grown > RSS_BYTES_PER_RUN) error = `took ${Math.round(grown / 1024 ** 2)} MB`;
  return { outcome, milliseconds, ...(error === undefined ? {} : { error }) };
}

/** The line of the product that threw, or the property that does not hold. */
function placeOf({ stack = "" }: Error): string {
  const lines = stack.split("\n").filter((line) => !line.includes("target.ts"));
  return (
    lines.find((line) => line.includes("/src/")) ?? lines.find((line) => line.includes("/targets/")) ?? ""
  );
}

/** Errors of one place that begin alike are the same fault. */
function kindOf(error: string): string {
  const [message = "", place = ""] = [error.split("\n")[0], error.split("\n").at(-1)];
  return message.replace(/[\d"].*/, "").slice(0, 45) + place;
}
