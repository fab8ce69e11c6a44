import type { EncoderSession } from "./session.ts";

/**
 * Lets overlapping calls of `embed` run one after another, in order of arrival. onnxruntime-web needs it: two runs
 * that overlap share the stack of its WebAssembly memory and overwrite each other's arguments.
 *
 * A run under way never waits for I/O, so it ends within its own turn of the event loop; nobody waits for a run
 * whose request has gone.
 */
export function oneAtATime(session: EncoderSession): EncoderSession {
  let running: Promise<unknown> | undefined;
  return {
    ...session,
    async embed(input) {
      while (running !== undefined) await running;
      const run = session.embed(input);
      running = run.catch(() => {});
      try {
        return await run;
      } finally {
        running = undefined;
      }
    },
  };
}
