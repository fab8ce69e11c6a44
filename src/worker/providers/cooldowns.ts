import { elapsedMs } from "../time-limit.ts";

/**
 * Models whose provider asked to be left alone for a while. What one caller's request met is at first that caller's own
 * rest: the provider may have refused that request alone. It is everyone's as soon as a second caller met the same.
 */
export interface Cooldowns {
  /**
   * Milliseconds that the model still wants to rest for this caller; 0 when it may be asked.
   * @param owner name of the API key; "" where access is open
   */
  remainingMs(model: string, owner: string): number;
  rest(model: string, owner: string, ms: number): void;
}

/** For a provider that names no Retry-After. */
export const DEFAULT_COOLDOWN_MS = 5_000;
// Whatever a provider says, the next request after this long is let through and finds out: a mistake, or a caller who
// means harm, must not shut a model out for long.
export const LONGEST_COOLDOWN_MS = 30_000;
/** Callers who must have met it before it holds for all. */
const QUORUM = 2;

interface Rest {
  readonly since: number;
  readonly ms: number;
}

export function createCooldowns(now: () => number): Cooldowns {
  // Models of the catalogue, and in each the keys of API_KEYS that met something: both stay small.
  const rests = new Map<string, Map<string, Rest>>();
  const leftOf = ({ since, ms }: Rest) => Math.max(0, ms - elapsedMs(since, now()));
  return {
    remainingMs(model, owner) {
      const owners = rests.get(model);
      if (owners === undefined) return 0;
      const own = owners.get(owner);
      const longestFirst = [...owners.values()].map(leftOf).sort((a, b) => b - a);
      return Math.max(own === undefined ? 0 : leftOf(own), longestFirst[QUORUM - 1] ?? 0);
    },
    rest(model, owner, ms) {
      const owners = rests.get(model) ?? new Map<string, Rest>();
      for (const [name, rest] of owners) if (leftOf(rest) === 0) owners.delete(name);
      owners.set(owner, { since: now(), ms: Math.min(ms, LONGEST_COOLDOWN_MS) });
      rests.set(model, owners);
    },
  };
}
