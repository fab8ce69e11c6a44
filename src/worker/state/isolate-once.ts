import type { ErrorCode } from "../../contract/error.ts";
import type { Result } from "../../core/result.ts";
import type { Backends } from "../backends/encoder-backend.ts";
import type { Env } from "./bindings.ts";
import { createIsolate, type Isolate } from "./isolate.ts";

/** What the isolate holds for all requests, built by the first of them with the backends of this build. */
export function isolateOnce(backends: Backends): (env: Env) => Result<Isolate, ErrorCode> {
  // The environment is the same for the life of an isolate.
  let isolate: Result<Isolate, ErrorCode> | undefined;
  return (env) => {
    isolate ??= createIsolate(env, backends);
    return isolate;
  };
}
