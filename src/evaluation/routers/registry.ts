import type { Router } from "../router.ts";
import { bundleRouter } from "./bundle.ts";
import { knnRouter } from "./knn.ts";
import type { RouterName } from "./names.ts";
import { nearestCentroidRouter } from "./nearest-centroid.ts";
import { logisticRouter, matrixFactorizationRouter, mlpRouter } from "./network-routers.ts";
import { ridgeRouter } from "./ridge.ts";

export const routers: Readonly<Record<RouterName, Router>> = {
  "landmark-heads": bundleRouter("landmark-heads"),
  "knn-5": knnRouter(5),
  "knn-50": knnRouter(50),
  "knn-100": knnRouter(100),
  "nearest-centroid": nearestCentroidRouter,
  ridge: ridgeRouter,
  logistic: logisticRouter,
  "matrix-factorization": matrixFactorizationRouter,
  mlp: mlpRouter,
};

/** @throws RangeError where there is no router of that name */
export function findRouter(name: string): Router {
  const router = Object.hasOwn(routers, name) ? routers[name as RouterName] : undefined;
  if (router === undefined) throw new RangeError(`there is no router "${name}"`);
  return router;
}
