/** How often each key has asked in the running minute, as far as this isolate knows. */
export interface MinuteCounts {
  /** Counts so many more; false where that would be more than `limit`, and they are not counted. */
  spend(key: string, times: number, limit: number): boolean;
}

const MINUTE_MS = 60_000;

export function createMinuteCounts(now: () => number): MinuteCounts {
  // Keys of API_KEYS that have such a limit, of one minute, so that the map stays small.
  const counts = new Map<string, number>();
  let minute = 0;
  return {
    spend(key, times, limit) {
      const current = Math.floor(now() / MINUTE_MS);
      if (current !== minute) counts.clear();
      minute = current;
      const count = (counts.get(key) ?? 0) + times;
      if (count > limit) return false;
      counts.set(key, count);
      return true;
    },
  };
}
