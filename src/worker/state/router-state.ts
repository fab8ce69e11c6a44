import type { ErrorCode } from "../../contract/error.ts";
import { parsePointer } from "../../contract/pointer.ts";
import { type Failure, fail, ok, type Result } from "../../core/result.ts";
import type { Serving } from "../../router/serving.ts";
import type { KeyValueReader } from "../platform.ts";
import { elapsedMs, withinTime } from "../time-limit.ts";
import { loadServing, noParts, type OpenEncoder } from "./load-serving.ts";
import { readPointer } from "./store.ts";

type Fault = Failure<ErrorCode> & { readonly since: Date };

/** Keeps work alive that outlasts the request which began it (`ctx.waitUntil`). */
type KeepAlive = (work: Promise<unknown>) => void;

/** What the isolate serves with, loaded once and kept fresh. */
export interface RouterState {
  /** The last good state; waits only while there is none. Checks the pointer in the background when it is due. */
  serving(keepAlive: KeepAlive): Promise<Result<Serving, ErrorCode>>;
  /** What the last check found wrong; empty when all is well. */
  faults(): readonly Fault[];
  checkedAt(): Date | undefined;
}

interface StateOptions {
  readonly kv: KeyValueReader;
  readonly openEncoder: OpenEncoder;
  readonly refreshMs: number;
  readonly now: () => number;
  readonly log: (event: Readonly<Record<string, unknown>>) => void;
}

// While nothing can be served, every request would read KV in vain; once a second is enough to notice a publish.
const RETRY_MS = 1000;
// A check whose request was torn down by the platform never settles; another request must not wait for it for ever.
// Longer than its reads may take one after the other: pointer, content, and content again.
const ABANDONED_MS = 35_000;

export function createRouterState({ kv, openEncoder, refreshMs, now, log }: StateOptions): RouterState {
  const parts = noParts();
  let current: Serving | undefined;
  let faults: readonly Fault[] = [];
  let checkedAt: number | undefined;
  let check: { readonly done: Promise<void>; readonly startedAt: number } | undefined;

  async function runCheck(): Promise<void> {
    const found = await findState();
    checkedAt = now();
    if (found.serving !== undefined && found.serving !== current) {
      const isNews = current === undefined || !sameState(current, found.serving.pointer);
      current = found.serving;
      if (isNews) log({ event: "serving", ...stateOf(current.pointer) });
    }
    report(found.faults);
  }

  async function findState(): Promise<{ serving?: Serving; faults: readonly Failure<ErrorCode>[] }> {
    const bytes = await readPointer(kv);
    if (!bytes.ok) return { faults: [bytes.failure] };
    if (bytes.value === undefined) {
      return {
        faults: [
          { code: "pointer_missing", message: "KV has no `active` key: publish a bundle", param: "active" },
        ],
      };
    }
    const pointer = parsePointer(bytes.value);
    if (!pointer.ok) return { faults: [pointer.failure] };
    if (current !== undefined && isComplete(current) && sameState(current, pointer.value))
      return { serving: current, faults: [] };
    return loadServing(kv, pointer.value, parts, openEncoder);
  }

  function report(found: readonly Failure<ErrorCode>[]): void {
    const before = faults;
    const since = new Date(now());
    faults = found.map(
      (failure) =>
        before.find(({ code, message }) => code === failure.code && message === failure.message) ?? {
          ...failure,
          since,
        },
    );
    for (const fault of faults) {
      if (!before.includes(fault)) log({ event: "fault", code: fault.code, message: fault.message });
    }
    if (before.length > 0 && faults.length === 0) log({ event: "recovered" });
  }

  function startCheck(keepAlive: KeepAlive): Promise<void> {
    if (check !== undefined && elapsedMs(check.startedAt, now()) < ABANDONED_MS) return check.done;
    const started = {
      startedAt: now(),
      done: runCheck()
        .catch((error: unknown) => {
          checkedAt = now();
          report([{ code: "internal_error", message: `the state could not be loaded: ${String(error)}` }]);
        })
        .finally(() => {
          if (check === started) check = undefined;
        }),
    };
    check = started;
    keepAlive(started.done);
    return started.done;
  }

  return {
    async serving(keepAlive) {
      const age = checkedAt === undefined ? Number.POSITIVE_INFINITY : elapsedMs(checkedAt, now());
      if (current !== undefined) {
        if (age >= refreshMs) void startCheck(keepAlive);
        return ok(current);
      }
      if (age >= Math.min(RETRY_MS, refreshMs)) {
        await withinTime(ABANDONED_MS, startCheck(keepAlive)).catch(() => undefined);
      }
      if (current !== undefined) return ok(current as Serving);
      const [fault] = faults;
      return fault === undefined
        ? fail("internal_error", "the state could not be loaded")
        : fail(fault.code, fault.message, fault.param);
    },
    faults: () => faults,
    checkedAt: () => (checkedAt === undefined ? undefined : new Date(checkedAt)),
  };
}

function sameState({ pointer }: Serving, next: Serving["pointer"]): boolean {
  return JSON.stringify(stateOf(pointer)) === JSON.stringify(stateOf(next));
}

function stateOf({ bundle, catalogue, encoder, canary, shadow }: Serving["pointer"]) {
  return { bundle, catalogue, encoder, canary, shadow };
}

/** Whether canary and shadow, where the pointer names them, were loaded too. */
function isComplete({ pointer, canary, shadow }: Serving): boolean {
  return (
    (pointer.canary === undefined) === (canary === undefined) &&
    (pointer.shadow === undefined) === (shadow === undefined)
  );
}
