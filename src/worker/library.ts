import type { Hono } from "hono";
import { lightBackends } from "./backends/light-backends.ts";
import { createApp as createAppOf } from "./http/app.ts";
import type { HttpEnv } from "./http/http.ts";
import { RpcEntrypoint } from "./rpc.ts";
import { isolateOnce } from "./state/isolate-once.ts";

export type { RpcProps } from "./rpc.ts";

const isolateOf = isolateOnce(lightBackends);

/**
 * The whole API, to be mounted under an app of your own; it reads bindings and variables as the Worker does. Set
 * ENCODER_BACKEND to `simd` or `lexical`: onnx is too large to be mounted.
 *
 * @example
 * app.route("/router", createApp());
 */
export function createApp(): Hono<HttpEnv> {
  return createAppOf(isolateOf);
}

/** The entry point for service bindings, to be exported by your Worker. */
export class SignalboxRpc extends RpcEntrypoint {
  protected override readonly isolate = () => isolateOf(this.env);
}
