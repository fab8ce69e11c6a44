import type { ErrorCode } from "../contract/error.ts";
import type { Result } from "../core/result.ts";
import type { Backends } from "./backends/encoder-backend.ts";
import { createApp } from "./http/app.ts";
import { createIsolate, type Isolate } from "./state/isolate.ts";

/** The Worker's default export, with the backends of this build. */
export function createWorker(backends: Backends) {
  // The environment is the same for the life of an isolate.
  let isolate: Result<Isolate, ErrorCode> | undefined;
  const app = createApp((env) => {
    isolate ??= createIsolate(env, backends);
    return isolate;
  });
  return { fetch: app.fetch };
}
