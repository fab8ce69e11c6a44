import { allBackends } from "./backends/all-backends.ts";
import { createWorker } from "./create-worker.ts";

export default createWorker(allBackends);
