import { elapsedMs } from "../time-limit.ts";
import type { Cause } from "./fault.ts";

/** What went wrong with one request to a provider. */
export interface ProviderFault {
  readonly provider: string;
  readonly model: string;
  readonly cause: Cause | "broken_off";
  readonly status?: number | undefined;
}

/** Tells the operator which provider fails and how. */
export interface ProviderLog {
  note(fault: ProviderFault): void;
}

// A provider that is down for a minute fails thousands of requests in the same way.
const EVERY_MS = 10_000;

/** One line for each model and cause, then at most one every ten seconds; `count` says how many faults it stands for. */
export function createProviderLog(
  now: () => number,
  log: (event: Readonly<Record<string, unknown>>) => void,
): ProviderLog {
  // Models are those of the catalogue and causes a handful, so the map stays small.
  const told = new Map<string, { at: number; silent: number }>();
  return {
    note(fault) {
      const key = `${fault.model} ${fault.cause}`;
      const last = told.get(key);
      if (last !== undefined && elapsedMs(last.at, now()) < EVERY_MS) {
        last.silent++;
        return;
      }
      told.set(key, { at: now(), silent: 0 });
      log({ event: "provider_fault", ...fault, count: 1 + (last?.silent ?? 0) });
    },
  };
}
