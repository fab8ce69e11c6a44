import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./http.ts";

/** Gives the request a share of the budget for as long as it is worked on. */
export const shareBodyBudget = createMiddleware<HttpEnv>(async (context, next) => {
  const share = context.get("isolate").bodyBudget.open(context.get("keyName"));
  context.set("bodyShare", share);
  try {
    await next();
  } finally {
    share.release();
  }
});
