import { SignalboxRpc } from "signalbox/worker";

interface Env {
  readonly ROUTER: Pick<SignalboxRpc, "route">;
}

export { SignalboxRpc };

// The same decisions by the binding or as plain calls, so many in a row: the clock that counts is the caller's.
export default {
  async fetch(request: Request, env: Env, ctx: unknown): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const Rpc = SignalboxRpc as unknown as new (ctx: unknown, env: Env) => Env["ROUTER"];
    const asked = searchParams.get("by") === "binding" ? env.ROUTER : new Rpc(ctx, env);
    let last: unknown;
    for (let k = Number(searchParams.get("times")); k > 0; k--) {
      last = await asked.route({ prompt: "How many positive divisors does 360 have?" });
    }
    return Response.json(last);
  },
};
