import { allBackends } from "./backends/all-backends.ts";
import { createApp } from "./http/app.ts";
import { RpcEntrypoint } from "./rpc.ts";
import { createScheduled } from "./scheduled.ts";
import { isolateOnce } from "./state/isolate-once.ts";

const isolateOf = isolateOnce(allBackends);
const { fetch } = createApp(isolateOf);

export default { fetch, scheduled: createScheduled(isolateOf) };

export class SignalboxRpc extends RpcEntrypoint {
  protected override readonly isolate = () => isolateOf(this.env);
}
