import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { endProcesses } from "../end-processes.ts";

test("what a test leaves running ends, and what that started too", async () => {
  const child = spawn("sh", ["-c", "sleep 1000 & echo $!; wait"]);
  const [printed] = await once(child.stdout, "data");
  const grandchild = Number(printed);
  expect(isRunning(grandchild)).toBe(true);
  endProcesses();
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  await expect.poll(() => isRunning(grandchild)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
