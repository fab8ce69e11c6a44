/** What request bodies take of the isolate's memory, all of them together. */
export interface BodyBudget {
  /** @param owner name of the API key that asks; undefined where access is open */
  open(owner: string | undefined): BodyShare;
}

/** The part of one request. */
export interface BodyShare {
  /** Counts so many bytes more; false where they don't fit in, and are not counted. */
  take(bytes: number): boolean;
  /** Gives everything back. */
  release(): void;
}

/** A budget of so many bytes, of which one key may hold the second number at most. */
export function createBodyBudget(limitBytes: number, bytesPerKey: number): BodyBudget {
  let held = 0;
  // Keys of API_KEYS, so that the map stays small.
  const heldByKey = new Map<string, number>();
  const change = (owner: string | undefined, bytes: number) => {
    held += bytes;
    if (owner !== undefined) heldByKey.set(owner, (heldByKey.get(owner) ?? 0) + bytes);
  };
  // The platform may drop a request in the middle, `finally` included. What it held is given back with its memory.
  const dropped = new FinalizationRegistry<{ readonly owner: string | undefined; readonly bytes: number }>(
    ({ owner, bytes }) => change(owner, -bytes),
  );
  return {
    open(owner) {
      const taken = { owner, bytes: 0 };
      const share: BodyShare = {
        take(bytes) {
          const own = owner === undefined ? 0 : (heldByKey.get(owner) ?? 0);
          if (held + bytes > limitBytes || (owner !== undefined && own + bytes > bytesPerKey)) return false;
          change(owner, bytes);
          taken.bytes += bytes;
          return true;
        },
        release() {
          change(owner, -taken.bytes);
          taken.bytes = 0;
        },
      };
      dropped.register(share, taken);
      return share;
    },
  };
}
