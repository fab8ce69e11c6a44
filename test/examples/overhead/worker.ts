import { WorkerEntrypoint } from "cloudflare:workers";
import { SignalboxRpc } from "signalbox/worker";

type Router = Pick<SignalboxRpc, "route">;

interface Env {
  readonly ROUTER: Router;
  readonly EMPTY: Router;
}

export { SignalboxRpc };

/** A call that does nothing: what the platform itself takes. */
export class Empty extends WorkerEntrypoint {
  route() {
    return { ok: true };
  }
}

// The same decisions by the binding or as plain calls, so many in a row: the clock that counts is the caller's.
export default {
  async fetch(request: Request, env: Env, ctx: unknown): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const Rpc = SignalboxRpc as unknown as new (ctx: unknown, env: Env) => Router;
    const ways: Readonly<Record<string, Router>> = {
      plain: new Rpc(ctx, env),
      binding: env.ROUTER,
      empty: env.EMPTY,
    };
    const asked = ways[searchParams.get("by") ?? ""] as Router;
    let last: unknown;
    for (let k = Number(searchParams.get("times")); k > 0; k--) {
      last = await asked.route({ prompt: "How many positive divisors does 360 have?" });
    }
    return Response.json(last);
  },
};
