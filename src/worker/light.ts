import { lightBackends } from "./backends/light-backends.ts";
import { createApp } from "./http/app.ts";
import { RpcEntrypoint } from "./rpc.ts";
import { createScheduled } from "./scheduled.ts";
import { isolateOnce } from "./state/isolate-once.ts";

/** The same Worker without onnxruntime-web, for ENCODER_BACKEND simd and lexical. */
const isolateOf = isolateOnce(lightBackends);
const { fetch } = createApp(isolateOf);

export default { fetch, scheduled: createScheduled(isolateOf) };

export class SignalboxRpc extends RpcEntrypoint {
  protected override readonly isolate = () => isolateOf(this.env);
}
