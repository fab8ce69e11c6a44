import { Session } from "node:inspector";

/** Tells which inputs reach code, or counts of it, that none before them reached. */
export interface Coverage {
  /** True where what ran since the last call reached something new. */
  readonly isNew: () => boolean;
  readonly stop: () => void;
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/**
 * V8's own block coverage of src/, by which mutation is guided: no instrumented copy of the code is needed, so what is
 * fuzzed is what runs. A block reached 1, 2, 4, ... times counts as different each time, as in AFL.
 */
export function startCoverage(): Coverage {
  const session = new Session();
  session.connect();
  const post = (method: string, params: object = {}): unknown => {
    let answer: unknown;
    session.post(method, params, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  };
  post("Profiler.enable");
  post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const seen = new Set<string>();
  return {
    isNew() {
      const { result } = post("Profiler.takePreciseCoverage") as { result: readonly ScriptCoverage[] };
      const before = seen.size;
      for (const { url, functions } of result) {
        if (!url.includes("/src/") || url.includes("node_modules")) continue;
        for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
          if (count > 0) seen.add(`${url}:${startOffset}-${endOffset}:${Math.floor(Math.log2(count))}`);
        }
      }
      return seen.size > before;
    },
    stop() {
      post("Profiler.stopPreciseCoverage");
      session.disconnect();
    },
  };
}
