import { parentPort, workerData } from "node:worker_threads";
import { startCoverage } from "./coverage.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { type ThreadTask, writeShared } from "./in-thread.ts";
import { targets } from "./targets.ts";

const { target: name, shared, ...options } = workerData as ThreadTask;
const target = targets.find((each) => each.name === name);
if (target === undefined) throw new Error(`there is no target ${name}`);
const coverage = startCoverage();
const report = await fuzzTarget(target, {
  ...options,
  coverage,
  onInput: (input) => writeShared(shared, input),
});
coverage.stop();
parentPort?.postMessage(report);
