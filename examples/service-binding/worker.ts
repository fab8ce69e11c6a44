import type { SignalboxRpc } from "signalbox/worker";

interface Env {
  readonly SIGNALBOX: Pick<SignalboxRpc, "route" | "routeTask" | "feedback">;
}

// A Worker that asks the router over a service binding: no address, no key, no HTTP in between.
export default {
  async fetch(request: Request, { SIGNALBOX }: Env): Promise<Response> {
    const prompt = await request.text();
    const decided = await SIGNALBOX.route({ prompt, tolerance: 0.05 });
    // Failures are values: nothing is thrown for a prompt that has no answer.
    if (!decided.ok) return Response.json(decided.failure, { status: 422 });
    const { id, model, p_correct } = decided.value;
    return Response.json({ id, model, p_correct });
  },
};
