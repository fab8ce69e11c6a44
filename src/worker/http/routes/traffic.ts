import { TRAFFIC_DAYS, type Traffic } from "../../../contract/traffic.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import type { Handler } from "../../handler.ts";
import { describeError, logEvent } from "../../log.ts";
import type { Isolate } from "../../state/isolate.ts";

const DAY_SECONDS = 24 * 3600;

/** GET /v1/traffic: the decisions of all keys in the last days, by model. */
export const getTraffic: Handler<Traffic> = async (_, { isolate }) => {
  const traffic = await countTraffic(isolate);
  return traffic.ok ? ok({ body: traffic.value }) : traffic;
};

/** What /v1/traffic and /metrics tell. */
export async function countTraffic({
  decisionLog,
}: Pick<Isolate, "decisionLog">): Promise<Result<Traffic, "decisions_unreadable">> {
  const answer = (recorded: boolean, data: Traffic["data"]) =>
    ok({ object: "traffic", days: TRAFFIC_DAYS, recorded, data } as const);
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
}
