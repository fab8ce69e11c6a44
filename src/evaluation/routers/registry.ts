import type { Router } from "../router.ts";
import { bundleRouter } from "./bundle.ts";
import { knnRouter } from "./knn.ts";
import { nearestCentroidRouter } from "./nearest-centroid.ts";
import { logisticRouter, matrixFactorizationRouter, mlpRouter } from "./network-routers.ts";
import { ridgeRouter } from "./ridge.ts";

/** All routers that `evaluate` compares, in the order of its tables. */
export const routers: readonly Router[] = [
  bundleRouter("landmark-heads"),
  knnRouter(5),
  knnRouter(50),
  knnRouter(100),
  nearestCentroidRouter,
  ridgeRouter,
  logisticRouter,
  matrixFactorizationRouter,
  mlpRouter,
];
