import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type FitJob, type FitTask, prepareFits } from "./fit-and-predict.ts";
import { findRouter } from "./routers/registry.ts";

const port = parentPort as MessagePort;
const fitAndPredict = prepareFits(workerData as FitTask);

// What a job throws ends the thread and reaches the one who waits for its answer.
port.on("message", async ({ router, split }: FitJob) => {
  port.postMessage(await fitAndPredict(findRouter(router), split));
});
