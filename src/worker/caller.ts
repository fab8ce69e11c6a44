/** Who asks, however the question came: over HTTP or by a service binding. */
export interface Caller {
  /** Name of the API key; undefined where access is open. */
  readonly keyName: string | undefined;
  /** The address that was asked, for what is recorded. */
  readonly address: string;
  /** Keeps work alive that outlasts the answer (`ctx.waitUntil`). */
  readonly keepAlive: (work: Promise<unknown>) => void;
}
