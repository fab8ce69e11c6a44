import { beforeAll, describe, expect, it } from "vitest";
import { loadPredictor } from "../../src/core/bundle.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../src/core/safetensors.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { floatTensor } from "../../src/training/write-bundle.ts";
import { syntheticDataset, syntheticEncoder } from "./synthetic.ts";

let bundle: Uint8Array;

beforeAll(async () => {
  const fitted = await fitRouter(syntheticDataset(), syntheticEncoder, {
    kind: "landmark-heads",
    seed: 0,
  });
  if (!fitted.ok) throw new Error(fitted.failure.message);
  bundle = fitted.value;
});

type Document = Record<string, unknown>;

/** The same bundle with another header or other tensors. */
function changed(
  header: (document: Document) => Document,
  tensors?: (all: Map<string, Tensor>) => void,
): Uint8Array {
  const file = readSafetensors(bundle);
  if (!file.ok) throw new Error(file.failure.message);
  const all = new Map(file.value.tensors);
  tensors?.(all);
  const document = header(JSON.parse(file.value.metadata["signalbox"] as string));
  return writeSafetensors({ tensors: all, metadata: { signalbox: JSON.stringify(document) } });
}

function setNumber(all: Map<string, Tensor>, name: string, position: number, value: number): void {
  const { shape, data } = all.get(name) as Tensor;
  all.set(name, floatTensor(shape, Array.from(data).with(position, value)));
}
const same = (document: Document) => document;

describe("a bundle that cannot be used is refused with its cause", () => {
  it("loads when nothing is wrong", () => {
    expect(loadPredictor(changed(same)).ok).toBe(true);
  });

  it.each<[string, () => Uint8Array, string, RegExp]>([
    ["empty", () => new Uint8Array(0), "bundle_unreadable", /0 bytes/],
    ["truncated", () => bundle.slice(0, bundle.length - 100), "bundle_unreadable", /ends at byte/],
    [
      "no document",
      () => writeSafetensors({ tensors: new Map(), metadata: {} }),
      "bundle_header",
      /JSON document/,
    ],
    [
      "a later version",
      () => changed((d) => ({ ...d, format_version: 3 })),
      "bundle_format_version",
      /version 3/,
    ],
    [
      "the version before",
      () => changed((d) => ({ ...d, format_version: 1 })),
      "bundle_format_version",
      /not of version 1; train it again/,
    ],
    ["an unknown kind", () => changed((d) => ({ ...d, kind: "forest" })), "bundle_header", /forest/],
    ["no encoder", () => changed((d) => ({ ...d, encoder: {} })), "bundle_header", /encoder/],
    [
      "vectors that aren't whole fours",
      () => changed((d) => ({ ...d, encoder: { ...syntheticEncoder, dimension: 18 } })),
      "bundle_header",
      /dimension is 18; it must be a multiple of 4/,
    ],
    ["no models", () => changed((d) => ({ ...d, models: [] })), "bundle_header", /models/],
    [
      "a model twice",
      () => changed((d) => ({ ...d, models: ["a", "a", "b"] })),
      "bundle_header",
      /different/,
    ],
    [
      "one model too many",
      () => changed((d) => ({ ...d, models: ["a", "b", "c", "d"] })),
      "bundle_tensor",
      /shape/,
    ],
    [
      "a kernel without gamma",
      () => changed((d) => ({ ...d, kernel: {} })),
      "bundle_header",
      /kernel\.gamma/,
    ],
    [
      "a missing tensor",
      () => changed(same, (all) => all.delete("landmarks")),
      "bundle_tensor",
      /landmarks is missing/,
    ],
    [
      "another type",
      () => changed(same, (all) => all.set("landmarks", floatTensor([1, 16], new Float32Array(16)))),
      "bundle_tensor",
      /landmarks is F32, not I8/,
    ],
    [
      "not a number",
      () => changed(same, (all) => all.set("prior", floatTensor([3], [0, Number.NaN, 0]))),
      "bundle_not_finite",
      /prior has NaN at position 1/,
    ],
    [
      "heads of another width",
      () => changed(same, (all) => all.set("head.decision", floatTensor([3, 2], new Float32Array(6)))),
      "bundle_tensor",
      /head\.decision/,
    ],
    [
      "probabilities above 1",
      () => changed(same, (all) => setNumber(all, "calibration.y", 1, 1.5)),
      "bundle_tensor",
      /calibration\.y has 1\.5 at position 1/,
    ],
    [
      "a mean score above 1",
      () => changed(same, (all) => setNumber(all, "prior", 2, 1.01)),
      "bundle_tensor",
      /prior has 1\.0\d* at position 2/,
    ],
    [
      "a curve that turns back",
      () => changed(same, (all) => setNumber(all, "calibration.x", 0, 9)),
      "bundle_tensor",
      /calibration\.x falls at position 1/,
    ],
    [
      "a curve without points",
      () =>
        changed(same, (all) => {
          for (const name of ["calibration.x", "calibration.y"]) all.set(name, floatTensor([0], []));
        }),
      "bundle_tensor",
      /calibration\.x has no points/,
    ],
    [
      "a landmark that is no direction",
      () => changed(same, (all) => setNumber(all, "landmarks.scale", 2, 1e30)),
      "bundle_tensor",
      /row 2 of tensor landmarks/,
    ],
  ])("%s", (_, make, code, message) => {
    const loaded = loadPredictor(make());
    expect(loaded).toMatchObject({ ok: false, failure: { code, message: expect.stringMatching(message) } });
  });
});
