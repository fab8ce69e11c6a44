import type { ModelList } from "../../contract/models.ts";

/** One model of the catalogue, as GET /v1/models tells it. */
export type Model = ModelList["data"][number];
