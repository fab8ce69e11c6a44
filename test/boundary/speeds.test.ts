import { expect, test } from "vitest";
import { reaches, testsBySpeed } from "../speeds.ts";

const { fast, slow } = testsBySpeed();

test("a test is slow by what it or a module behind it imports", () => {
  expect(reaches("test/operations/doctor.test.ts")).toEqual([
    "test/operations/doctor.test.ts",
    "node:child_process",
  ]);
  expect(reaches("test/conformance/api.test.ts")).toEqual([
    ...["test/conformance/api.test.ts", "test/conformance/test-worker.ts", "src/cli/local-worker.ts"],
    "wrangler",
  ]);
  expect(reaches("test/core/policy.test.ts")).toBeUndefined();
});

test("there are many of both, and none is in both", () => {
  expect(fast.length).toBeGreaterThan(40);
  expect(slow.length).toBeGreaterThan(40);
  expect(slow.filter((file) => fast.includes(file))).toEqual([]);
  expect(fast).toContain("test/boundary/speeds.test.ts");
  expect(slow).toContain("test/security/bombs.test.ts");
});

test("a fast test can't start a program in ways that imports don't show", () => {
  const { execFile } = process.getBuiltinModule("node:child_process");
  expect(() => execFile("true")).toThrow("a fast test starts true");
});
