import { describe, expect, it } from "vitest";
import { type EvaluationOptions, evaluateRouters } from "../../src/evaluation/evaluate.ts";
import { formatJson } from "../../src/evaluation/report/json.ts";
import type { Router } from "../../src/evaluation/router.ts";
import { routers } from "../../src/evaluation/routers/registry.ts";
import { syntheticDataset } from "./synthetic.ts";

const dataset = syntheticDataset({ prompts: 120 });
const options: EvaluationOptions = {
  protocol: "loto",
  suite: "synthetic",
  routers: Object.values(routers),
  lotoRouters: [],
  experiments: ["few-labels"],
  folds: 3,
  seed: 0,
  together: [],
  minCoverage: 0.9,
  maxIncomplete: 0.05,
};

async function bytesWith(changes: Partial<EvaluationOptions>): Promise<string> {
  const report = await evaluateRouters(dataset, { ...options, ...changes });
  if (!report.ok) throw new Error(report.failure.message);
  return formatJson(report.value);
}

describe("threads", () => {
  it("change nothing but the time: the same bytes from one and three", async () => {
    expect(await bytesWith({ threads: 3 })).toBe(await bytesWith({ threads: 1 }));
  });

  it("fit the hidden blocks of cross-validation alike", async () => {
    const hidden = { protocol: "cv", routers: [routers.ridge], experiments: ["hidden-blocks"] } as const;
    expect(await bytesWith({ ...hidden, threads: 2 })).toBe(await bytesWith({ ...hidden, threads: 1 }));
  });

  it("count every fit once", async () => {
    const seen: number[] = [];
    const few = [routers.ridge, routers["nearest-centroid"]];
    await evaluateRouters(dataset, { ...options, routers: few, threads: 2 }, (done, total, what) => {
      seen.push(done);
      expect(total).toBe(12);
      if (done < total) expect(what).toMatch(/^(ridge|nearest-centroid) without t\d$/);
    });
    expect(seen).toHaveLength(13);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(12);
  });

  it("hand on what a fit throws", async () => {
    const stranger: Router = { ...routers.ridge, name: "stranger" };
    await expect(evaluateRouters(dataset, { ...options, routers: [stranger], threads: 2 })).rejects.toThrow(
      'there is no router "stranger"',
    );
  });
});
