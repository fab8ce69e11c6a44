/** What request bodies take of the isolate's memory, all of them together. */
export interface BodyBudget {
  open(): BodyShare;
}

/** The part of one request. */
export interface BodyShare {
  /** Counts so many bytes more; false where they don't fit in, and are not counted. */
  take(bytes: number): boolean;
  /** Gives everything back. */
  release(): void;
}

/** A budget of so many bytes. */
export function createBodyBudget(limitBytes: number): BodyBudget {
  let held = 0;
  // The platform may drop a request in the middle, `finally` included. What it held is given back with its memory.
  const dropped = new FinalizationRegistry<{ readonly bytes: number }>(({ bytes }) => {
    held -= bytes;
  });
  return {
    open() {
      const taken = { bytes: 0 };
      const share: BodyShare = {
        take(bytes) {
          if (held + bytes > limitBytes) return false;
          held += bytes;
          taken.bytes += bytes;
          return true;
        },
        release() {
          held -= taken.bytes;
          taken.bytes = 0;
        },
      };
      dropped.register(share, taken);
      return share;
    },
  };
}
