import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { writeBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { syntheticDataset } from "./synthetic.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "evaluate-"));
const file = join(directory, "made-up.safetensors");
const dataset = syntheticDataset({ prompts: 200 });
writeFileSync(
  file,
  writeBenchmark({
    header: {
      format: "signalbox-benchmark",
      version: 1,
      suite: "made-up",
      source: "",
      license: "",
      encoder: { id: "test", checksum: "0" },
      models: dataset.models,
      tasks: dataset.tasks,
    },
    dataset,
  }),
);

function evaluate(...options: readonly string[]) {
  return spawnSync(process.execPath, [main, "evaluate", file, ...options], { encoding: "utf8" });
}

const quick = ["--routers", "knn-5,nearest-centroid"] as const;

describe("evaluate", () => {
  it("prints one JSON document and nothing else with --json", () => {
    const { status, stdout } = evaluate("--protocol", "cv", ...quick, "--json");
    const report = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(Object.keys(report)[0]).toBe("verdict");
    expect(report.verdict.sentences[0]).toMatch(/^Quality: /);
    expect(report.unpriced_models).toEqual(["a", "b", "c"]);
    expect(report).toMatchObject({ protocol: "cv", suite: "made-up", prompts: 200, models: ["a", "b", "c"] });
    expect(Object.keys(report.routers)).toEqual(["knn-5", "nearest-centroid"]);
    expect(Object.keys(report.anchors)).toEqual(["random", "best_single", "best_per_task", "oracle"]);
    for (const name of [
      "score",
      "score_by_task",
      "gain",
      "gain_ci95",
      "headroom",
      "brier",
      "ece",
      "auc",
      "accuracy",
    ]) {
      expect(report.routers["knn-5"]).toHaveProperty(name);
    }
  });

  it("writes page, tables and figures, and shows a table", () => {
    const [html, markdown, json] = ["html", "md", "json"].map((end) => join(directory, `report.${end}`)) as [
      string,
      string,
      string,
    ];
    const outputs = [
      "--html",
      html,
      "--markdown",
      markdown,
      "--json",
      json,
      "--experiments",
      "paper,few-labels,loto",
    ];
    const { status, stdout } = evaluate("--protocol", "cv", ...quick, ...outputs);
    expect(status).toBe(0);
    expect(stdout).toContain("best single");
    const page = readFileSync(html, "utf8");
    expect(page).toContain("On tasks it has never seen");
    expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(5);
    // Nothing is fetched: no script, style sheet, image or font from elsewhere.
    expect(page).not.toMatch(/<script|<link|src=|url\(/);
    expect(page).not.toMatch(/NaN|undefined/);
    expect(readFileSync(markdown, "utf8")).toContain("| s3_true_p |");
    expect(JSON.parse(readFileSync(json, "utf8")).loto.paper.tasks).toBe(6);
  });

  it("ends with 2 for wrong usage and 1, with a sentence, for work that failed", () => {
    expect(evaluate("--protocol", "guess").status).toBe(2);
    expect(evaluate("--protocol", "cv", "--routers", "none-such").status).toBe(2);
    expect(evaluate("--protocol", "cv", "--min-coverage", "7").status).toBe(2);
    const failed = evaluate("--protocol", "split", ...quick);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain("--test");
    const missing = spawnSync(
      process.execPath,
      [main, "evaluate", join(directory, "nothing.safetensors"), "--protocol", "cv"],
      {
        encoding: "utf8",
      },
    );
    expect(missing).toMatchObject({ status: 1, stdout: "" });
    expect(missing.stderr).toContain("nothing.safetensors");
  });

  it("never takes an outcome file for the place of its JSON", () => {
    const taken = spawnSync(process.execPath, [main, "evaluate", "--protocol", "cv", "--json", file, file], {
      encoding: "utf8",
    });
    expect(taken.status).toBe(1);
    expect(readFileSync(file).length).toBeGreaterThan(1000);
  });
});
