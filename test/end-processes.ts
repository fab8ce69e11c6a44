import { ChildProcess } from "node:child_process";
import { afterAll } from "vitest";

/**
 * In the project `slow`: what the tests of a file started ends with the file, also where a test ran out of time or Vitest
 * itself was ended. Each child leads a process group, so that what it started goes with it: a command starts Wrangler,
 * and Wrangler starts workerd.
 */
const groups = new Set<number>();

// Every asynchronous way to start a program comes through here; Node's types leave the method out.
const prototype = ChildProcess.prototype as unknown as { spawn(options: object): number };
const { spawn } = prototype;
prototype.spawn = function (this: ChildProcess, options) {
  const failed = spawn.call(this, { ...options, detached: true });
  if (this.pid !== undefined) groups.add(this.pid);
  return failed;
};

export function endProcesses(): void {
  for (const group of groups) {
    try {
      process.kill(-group, "SIGKILL");
    } catch {
      // All of it has ended.
    }
  }
  groups.clear();
}

afterAll(endProcesses);
process.once("exit", endProcesses);
process.once("disconnect", endProcesses);
