import { connectSignalbox, SignalboxError } from "../../client/index.ts";
import { type Fault, faultOf } from "./fault.ts";
import { type Answers, type Bodies, type Question, questions } from "./questions.ts";
import { tellReach } from "./reach.ts";
import { parseServerTiming, type Timing } from "./timing.ts";

export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly timing: Timing }
  | { readonly ok: false; readonly fault: Fault };

/** Long enough for a cold Worker far away; a person sees after a second that it takes its time. */
const TIMEOUT_MS = 30_000;

/**
 * Asks the Worker that serves this page. Failures are values; only an abort by the caller is thrown. Nothing is
 * retried on the quiet: a person sees what happened and decides.
 */
export async function call<Q extends Question>(
  question: Q,
  body: Bodies[Q],
  apiKey: string,
  signal: AbortSignal,
): Promise<Outcome<Answers[Q]>> {
  let headers = new Headers();
  // The client answers with the body alone; timing and Retry-After stand in the headers.
  const watchedFetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, { ...init, cache: "no-store" });
    headers = response.headers;
    return response;
  };
  const signalbox = connectSignalbox({
    baseUrl: location.origin,
    maxRetries: 0,
    timeoutMs: TIMEOUT_MS,
    fetch: watchedFetch,
    ...(apiKey === "" ? {} : { apiKey }),
  });
  const start = performance.now();
  try {
    const value = await questions[question](signalbox, body, { signal });
    tellReach(true);
    const stages = parseServerTiming(headers.get("server-timing"));
    return { ok: true, value, timing: { roundTripMs: performance.now() - start, stages } };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    const fault = faultOf(error, headers);
    tellReach(fault.kind !== "offline");
    return { ok: false, fault };
  }
}
