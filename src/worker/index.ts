import type { ErrorCode } from "../contract/error.ts";
import type { Result } from "../core/result.ts";
import { createApp } from "./app.ts";
import { createIsolate, type Isolate } from "./isolate.ts";

// The environment is the same for the life of an isolate.
let isolate: Result<Isolate, ErrorCode> | undefined;

const app = createApp((env) => {
  isolate ??= createIsolate(env);
  return isolate;
});

export default { fetch: app.fetch };
