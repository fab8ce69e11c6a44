import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import { createVisitor, type Visitor } from "./open-page.ts";

/** A Worker with somebody at its page. */
export interface Visit extends Pick<Visitor, "open" | "leave"> {
  readonly origin: string;
}

/**
 * Starts a Worker and a browser before the tests that stand beside this call, and stops them after. What a test opened is
 * closed after it, and must not have complained.
 */
export function visitWorker(
  start: () => Promise<LocalWorker> = () => startTestWorker({ providerUrl: "http://127.0.0.1:9" }),
): Visit {
  let worker: LocalWorker | undefined;
  let visitor: Visitor | undefined;
  beforeAll(async () => {
    worker = await start();
    visitor = await createVisitor(worker.origin);
  });
  afterEach(async () => expect(await visitor?.leave()).toEqual([]));
  afterAll(async () => {
    await visitor?.stop();
    await worker?.stop();
  });
  const here = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("only inside a test");
    return value;
  };
  return {
    get origin() {
      return here(worker).origin;
    },
    open: (options) => here(visitor).open(options),
    leave: () => here(visitor).leave(),
  };
}
