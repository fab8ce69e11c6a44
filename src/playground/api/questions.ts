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

/** What the page sends to ask. */
export interface Bodies {
  readonly route: RouteRequestInput;
  readonly batch: readonly RouteRequestInput[];
  readonly task: readonly TaskPromptInput[];
  readonly models: undefined;
  readonly health: undefined;
  readonly traffic: undefined;
}

/** What comes back. */
export interface Answers {
  readonly route: RouteResponse;
  readonly batch: BatchResponse["data"];
  readonly task: RouteTaskResponse;
  readonly models: readonly Model[];
  readonly health: Health;
  readonly traffic: Traffic;
}
export type Question = keyof Answers;

type Asker<Q extends Question> = (
  signalbox: Signalbox,
  body: Bodies[Q],
  options: CallOptions,
) => Promise<Answers[Q]>;

export const questions: { readonly [Q in Question]: Asker<Q> } = {
  route: (signalbox, body, options) => signalbox.route(body, options),
  batch: (signalbox, body, options) => signalbox.routeBatch(body, options),
  task: (signalbox, body, options) => signalbox.routeTask(body, options),
  traffic: (signalbox, _, options) => signalbox.traffic(options),
  models: (signalbox, _, options) => signalbox.models(options),
  health: (signalbox, _, options) => signalbox.health(options),
};
