import { lightBackends } from "./backends/light-backends.ts";
import { createApp } from "./http/app.ts";
import { RpcEntrypoint } from "./rpc.ts";
import { isolateOnce } from "./state/isolate-once.ts";

/** The same Worker without onnxruntime-web, for ENCODER_BACKEND simd and lexical. */
const isolateOf = isolateOnce(lightBackends);
const { fetch } = createApp(isolateOf);

export default { fetch };

export class SignalboxRpc extends RpcEntrypoint {
  protected override readonly isolate = () => isolateOf(this.env);
}
