import { allBackends } from "./backends/all-backends.ts";
import { createApp } from "./http/app.ts";
import { RpcEntrypoint } from "./rpc.ts";
import { isolateOnce } from "./state/isolate-once.ts";

const isolateOf = isolateOnce(allBackends);
const { fetch } = createApp(isolateOf);

export default { fetch };

export class SignalboxRpc extends RpcEntrypoint {
  protected override readonly isolate = () => isolateOf(this.env);
}
