/** Times the stages of one request for the `server-timing` header. */
export interface Stopwatch {
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /**
   * Value of the header: milliseconds by stage, added up where a stage ran more than once. On Cloudflare clocks stand
   * still during computation, so that they show waiting only.
   */
  header(): string;
}

export function createStopwatch(now: () => number): Stopwatch {
  const stages = new Map<string, number>();
  return {
    async time(stage, work) {
      const start = now();
      try {
        return await work();
      } finally {
        stages.set(stage, (stages.get(stage) ?? 0) + now() - start);
      }
    },
    header: () => [...stages].map(([stage, ms]) => `${stage};dur=${ms.toFixed(2)}`).join(", "),
  };
}
