import { TRAFFIC_DAYS, type Traffic } from "../../../contract/traffic.ts";
import { fail, ok } from "../../../core/result.ts";
import type { Handler } from "../../handler.ts";
import { describeError, logEvent } from "../../log.ts";

const DAY_SECONDS = 24 * 3600;

/** GET /v1/traffic: the decisions of all keys in the last days, by model. */
export const getTraffic: Handler<Traffic> = async (_, { isolate: { decisionLog } }) => {
  const answer = (recorded: boolean, data: Traffic["data"]) =>
    ok({ body: { object: "traffic", days: TRAFFIC_DAYS, recorded, data } as const });
  if (decisionLog === undefined) return answer(false, []);
  try {
    const since = Math.floor(Date.now() / 1000) - TRAFFIC_DAYS * DAY_SECONDS;
    return answer(true, await decisionLog.countByModel(since));
  } catch (error) {
    logEvent({ event: "traffic_unreadable", ...describeError(error) });
    return fail(
      "decisions_unreadable",
      "the database of decisions could not be read; the log has the detail",
    );
  }
};
