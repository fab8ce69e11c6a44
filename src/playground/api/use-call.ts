import { useCallback, useEffect, useState } from "preact/hooks";
import { call, type Outcome } from "./call.ts";
import type { Fault } from "./fault.ts";
import type { Answers, Bodies, Question } from "./questions.ts";
import type { Timing } from "./timing.ts";

/** What is known of a call that is repeated as its input changes. The last answer stays while the next is awaited. */
export interface Called<T> {
  readonly value?: T;
  readonly timing?: Timing;
  readonly fault?: Fault;
  readonly pending: boolean;
  /** Waiting for longer than a warm Worker ever takes. */
  readonly slow: boolean;
  readonly retry: () => void;
}

/** A cold Worker loads its encoder from KV first, which takes a second or two; a warm one answers far sooner. */
const SLOW_MS = 900;

export interface CallInput<Q extends Question> {
  readonly apiKey: string;
  readonly body?: Bodies[Q];
  /** False while there is nothing to ask. */
  readonly enabled?: boolean;
  /** Changes within this time are one call. */
  readonly debounceMs?: number;
}

type State<T> = Omit<Called<T>, "retry">;

/** Asks whenever body or key change; a call that is overtaken is aborted. */
export function useCall<Q extends Question>(
  question: Q,
  { apiKey, body, enabled = true, debounceMs = 0 }: CallInput<Q>,
): Called<Answers[Q]> {
  const [state, setState] = useState<State<Answers[Q]>>({ pending: false, slow: false });
  const [attempt, setAttempt] = useState(0);
  // What is not asked need not be written out, which takes long where the body is large.
  const sent = enabled ? JSON.stringify(body) : undefined;
  // `attempt` is how a retry runs the effect again.
  useEffect(() => {
    if (!enabled) {
      setState({ pending: false, slow: false });
      return;
    }
    const aborter = new AbortController();
    setState((before) => ({ ...before, pending: true }));
    const ask = async () => {
      const slow = setTimeout(() => setState((before) => ({ ...before, slow: true })), SLOW_MS);
      try {
        const asked: Bodies[Q] = sent === undefined ? undefined : JSON.parse(sent);
        const outcome = await call(question, asked, apiKey, aborter.signal);
        if (!aborter.signal.aborted) setState(settled(outcome));
      } catch (error) {
        if (!aborter.signal.aborted) throw error;
      } finally {
        clearTimeout(slow);
      }
    };
    const timer = setTimeout(ask, debounceMs);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [question, sent, apiKey, enabled, debounceMs, attempt]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, retry };
}

function settled<T>(outcome: Outcome<T>): State<T> {
  if (!outcome.ok) return { fault: outcome.fault, pending: false, slow: false };
  return { value: outcome.value, timing: outcome.timing, pending: false, slow: false };
}
