import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Benchmark, readBenchmark, writeBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { perturbations } from "../../src/evaluation/experiments/perturb.ts";
import { parsePriceList } from "../../src/evaluation/price-list.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { syntheticDataset } from "./synthetic.ts";

describe("benchmark file", () => {
  const dataset = syntheticDataset({ prompts: 40 });
  dataset.outcomes.data[4] = Number.NaN;
  dataset.outcomes.data[5] = 1 / 3;
  dataset.outputTokens.data[7] = 1234;
  const benchmark: Benchmark = {
    header: {
      format: "signalbox-benchmark",
      version: 1,
      suite: "synthetic",
      source: "made up",
      license: "none",
      encoder: { id: "test", checksum: "0" },
      models: dataset.models,
      tasks: dataset.tasks,
    },
    dataset,
  };

  it("keeps everything but the texts, within rounding", () => {
    const read = readBenchmark(writeBenchmark(benchmark));
    if (!read.ok) throw new Error(read.failure.message);
    const copy = read.value.dataset;
    expect(copy.textKeys).toEqual(dataset.textKeys);
    expect([...copy.taskOf]).toEqual([...dataset.taskOf]);
    expect(copy.outcomes.data[4]).toBeNaN();
    expect(copy.outcomes.data[5]).toBeCloseTo(1 / 3, 4);
    expect(copy.outputTokens.data[7]).toBe(1234);
    copy.embeddings.data.forEach((value, k) => {
      expect(Math.abs(value - dataset.embeddings.data[k])).toBeLessThan(0.01);
    });
    expect(writeBenchmark(benchmark)).toEqual(writeBenchmark(benchmark));
  });

  it("refuses other files and damaged ones", () => {
    const bytes = writeBenchmark(benchmark);
    expect(readBenchmark(new TextEncoder().encode("{}"))).toMatchObject({
      failure: { code: "not_a_benchmark" },
    });
    expect(readBenchmark(bytes.subarray(0, bytes.length - 9))).toMatchObject({ ok: false });
    const fewer = { ...benchmark, header: { ...benchmark.header, models: ["a"] } };
    expect(readBenchmark(writeBenchmark(fewer))).toMatchObject({ failure: { code: "damaged_benchmark" } });
  });
});

describe("price list", () => {
  it("reads a catalogue with aliases, and a plain list", () => {
    const catalogue = JSON.parse(readFileSync("models/default/catalogue.json", "utf8"));
    const read = parsePriceList(catalogue);
    expect(read.ok && read.value.get("openai/gpt-5.5")).toMatchObject({
      input: 5,
      output: 30,
      unseenOutputTokens: 2000,
    });
    const plain = parsePriceList({ x: { input_usd_per_mtok: 0.2, output_usd_per_mtok: 0.4 } });
    expect(plain.ok && plain.value.get("x")).toMatchObject({ input: 0.2, output: 0.4 });
  });

  it("names the model without a price", () => {
    expect(parsePriceList({ x: {} })).toMatchObject({
      failure: { code: "bad_prices", message: expect.stringContaining("x") },
    });
    expect(parsePriceList([])).toMatchObject({ ok: false });
  });
});

describe("perturbations", () => {
  const question = "Which one is a mammal?\nA. Whale\nB. Shark\nC. Squid\nD. Trout\nAnswer:";

  it("reorder the contents of options, not their letters", () => {
    const random = seededRandom(2);
    const changed = perturbations["reordered_options"]?.(question, random) as string;
    expect(changed).not.toBe(question);
    expect(changed.split("\n").map((line) => line.slice(0, 2))).toEqual(
      question.split("\n").map((line) => line.slice(0, 2)),
    );
    expect(changed.split("\n").sort().join("").length).toBe(question.replaceAll("\n", "").length);
    expect(perturbations["reordered_options"]?.("no options here", random)).toBe("no options here");
  });

  it("swap letters of few words, keeping length", () => {
    const text = "somewhat longer words everywhere ".repeat(50);
    const changed = perturbations["typos"]?.(text, seededRandom(1)) as string;
    const moved = changed.split(" ").filter((word, k) => word !== text.split(" ")[k]).length;
    expect(changed.length).toBe(text.length);
    expect(moved).toBeGreaterThan(2);
    expect(moved).toBeLessThan(25);
  });

  it("change case and white space only", () => {
    expect(perturbations["lower_case"]?.("Ab C", seededRandom(0))).toBe("ab c");
    expect(perturbations["white_space"]?.("a\n\nb c", seededRandom(0))).toBe("a  b  c");
  });
});
