/** Times the stages of one request for the `server-timing` header. */
export interface Stopwatch {
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Value of the header, milliseconds. On Cloudflare clocks stand still during computation, so they show I/O only. */
  header(): string;
}

export function createStopwatch(now: () => number): Stopwatch {
  const stages: string[] = [];
  return {
    async time(stage, work) {
      const start = now();
      try {
        return await work();
      } finally {
        stages.push(`${stage};dur=${(now() - start).toFixed(2)}`);
      }
    },
    header: () => stages.join(", "),
  };
}
