import { describe, expect, it } from "vitest";
import { fuzzFrontDoor } from "./front-door.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { targets } from "./targets.ts";

// The short form of `npm run fuzz`: the inputs that once broke something, then always the same random ones.
const SEED = 20261124;
const RUNS = 400;
// Files are written for each of these, and some are large.
const slow: Readonly<Record<string, number>> = {
  "import-helm": 60,
  "import-inspect": 120,
  "import-promptfoo": 120,
};

describe("strangers' input is read or refused with a code", () => {
  it.each(targets)("$name", async (target) => {
    const report = await fuzzTarget(target, { seed: SEED, runs: slow[target.name] ?? RUNS });
    expect(report.broken.map(({ error }) => error)).toEqual([]);
    expect(report.accepted, "inputs that reach what comes after the reader").toBeGreaterThan(0);
    // Any text can be embedded; everything else must have been tried with what it refuses too.
    if (target.codes.length > 0) expect(Object.keys(report.refused)).not.toEqual([]);
  });

  it("the Worker in workerd, at every address", async () => {
    const report = await fuzzFrontDoor({ seed: SEED, runs: 250 });
    expect(report.broken.map(({ error }) => error)).toEqual([]);
    expect(report.accepted).toBeGreaterThan(5);
    expect(report.refused["invalid_request"]).toBeGreaterThan(5);
    expect(report.refused["invalid_json"]).toBeGreaterThan(5);
  });
});
