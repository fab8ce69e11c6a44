import type {
  CallOptions,
  RouteRequestInput,
  RouteResponse,
  RouteTaskResponse,
  Signalbox,
  TaskPromptInput,
} from "../../client/index.ts";
import type { BatchResponse } from "../../contract/batch.ts";
import type { Health } from "../../contract/health.ts";
import type { Traffic } from "../../contract/traffic.ts";
import type { Model } from "./model.ts";

/** What the page asks the Worker, and what comes back. */
export interface Answers {
  readonly route: RouteResponse;
  readonly batch: BatchResponse["data"];
  readonly task: RouteTaskResponse;
  readonly models: readonly Model[];
  readonly health: Health;
  readonly traffic: Traffic;
}
export type Question = keyof Answers;

export interface Asking {
  readonly signalbox: Signalbox;
  readonly fetch: typeof fetch;
  readonly options: CallOptions;
}

type Asker<Q extends Question> = (asking: Asking, body: unknown) => Promise<Answers[Q]>;

export const questions: { readonly [Q in Question]: Asker<Q> } = {
  route: ({ signalbox, options }, body) => signalbox.route(body as RouteRequestInput, options),
  batch: ({ signalbox, options }, body) => signalbox.routeBatch(body as RouteRequestInput[], options),
  task: ({ signalbox, options }, body) => signalbox.routeTask(body as TaskPromptInput[], options),
  traffic: ({ signalbox, options }) => signalbox.traffic(options),
  models: ({ signalbox, options }) => signalbox.models(options),
  // Not through the client: an unhealthy Worker answers 503 and says in the body what is wrong, which is no error here.
  health: async ({ fetch, options }) => (await (await fetch("/health", options)).json()) as Health,
};
