/** The routers that `evaluate` compares, in the order of its tables; apart, so that naming them loads none. */
export const routerNames = [
  "landmark-heads",
  "knn-5",
  "knn-50",
  "knn-100",
  "nearest-centroid",
  "ridge",
  "logistic",
  "matrix-factorization",
  "mlp",
] as const;
export type RouterName = (typeof routerNames)[number];

/** Those that a leave-one-task-out section beside another protocol compares: a fit for every task is dear. */
export const fewRouterNames: readonly RouterName[] = [
  "landmark-heads",
  "knn-5",
  "knn-50",
  "nearest-centroid",
];
