import { TRAFFIC_DAYS, type Traffic } from "../../../contract/traffic.ts";
import { describeError, logEvent } from "../../log.ts";
import { type HttpContext, respondFailure } from "../http.ts";

const DAY_SECONDS = 24 * 3600;

/** GET /v1/traffic: the decisions of all keys in the last days, by model. */
export async function getTraffic(context: HttpContext): Promise<Response> {
  const { decisionLog } = context.get("isolate");
  const answer = (recorded: boolean, data: Traffic["data"]) => {
    const traffic: Traffic = { object: "traffic", days: TRAFFIC_DAYS, recorded, data };
    return context.json(traffic, 200, { "cache-control": "no-store" });
  };
  if (decisionLog === undefined) return answer(false, []);
  try {
    const since = Math.floor(Date.now() / 1000) - TRAFFIC_DAYS * DAY_SECONDS;
    return answer(true, await decisionLog.countByModel(since));
  } catch (error) {
    logEvent({ event: "traffic_unreadable", ...describeError(error) });
    return respondFailure(context, {
      code: "decisions_unreadable",
      message: "the database of decisions could not be read; the log has the detail",
    });
  }
}
