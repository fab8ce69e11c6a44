import { describe, expect, test } from "vitest";
import { checksumOf, verifyEncoderFiles } from "../../src/encoder/files.ts";
import { type EncoderManifest, parseManifest } from "../../src/encoder/manifest.ts";
import { goldenFiles } from "./golden-cases.ts";
import { modelFiles } from "./model-files.ts";

const valid = JSON.parse(new TextDecoder().decode(modelFiles.manifest)) as EncoderManifest &
  Record<string, unknown>;
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("manifest", () => {
  test("of models/encoder is read, and names what it was built from", () => {
    const read = parseManifest(modelFiles.manifest);
    expect(read).toMatchObject({
      ok: true,
      value: {
        id: "minilm-l6-v2-int8-2view",
        dimension: 768,
        license: "Apache-2.0",
        input: { tokenCap: 128 },
      },
    });
    expect(valid["provenance"]).toMatchObject({ source: "sentence-transformers/all-MiniLM-L6-v2" });
  });

  test("lists every tensor of the weights file, apart and aligned", () => {
    let end = 0;
    for (const { name, offset, bytes } of valid.tensors) {
      expect(offset % 64, name).toBe(0);
      expect(offset, name).toBeGreaterThanOrEqual(end);
      end = offset + bytes;
    }
    expect(end).toBe(valid.files.weights.bytes);
    const names = valid.tensors.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["word_embeddings", "layer.5.ffn_out.weight", "lexical.mean"]),
    );
  });

  test("belongs to the golden fixtures: rerun test/golden/encoder.py after a rebuild", () => {
    expect(valid.files).toEqual(goldenFiles);
  });

  test.each([
    ["no JSON", new TextEncoder().encode("{"), "bad_manifest"],
    ["a list", bytesOf([]), "bad_manifest"],
    ["another format", bytesOf({ ...valid, format: 2 }), "unknown_manifest_format"],
    ["no id", bytesOf({ ...valid, id: "" }), "bad_manifest"],
    ["no license", bytesOf({ ...valid, license: undefined }), "bad_manifest"],
    ["dimension 0", bytesOf({ ...valid, dimension: 0 }), "bad_manifest"],
    ["a token cap of 2", bytesOf({ ...valid, input: { ...valid.input, tokenCap: 2 } }), "bad_manifest"],
    ["no cap on distinct tokens", bytesOf({ ...valid, input: { tokenCap: 128 } }), "bad_manifest"],
    ["a file left out", bytesOf({ ...valid, files: { ...valid.files, graph: undefined } }), "bad_manifest"],
    ["views missing", bytesOf({ ...valid, views: undefined }), "bad_manifest"],
    ["a tensor without offset", bytesOf({ ...valid, tensors: [{ name: "a" }] }), "bad_manifest"],
  ])("with %s is refused", (_, bytes, code) => {
    expect(parseManifest(bytes)).toMatchObject({ ok: false, failure: { code, param: "manifest" } });
  });
});

describe("encoder files", () => {
  test("of models/encoder are what the manifest says", async () => {
    expect((await verifyEncoderFiles(modelFiles)).ok).toBe(true);
    expect(await checksumOf(modelFiles.graph)).toBe(valid.files.graph.sha256);
  });

  test("are refused when truncated or changed, by name", async () => {
    const truncated = { ...modelFiles, weights: modelFiles.weights.subarray(1) };
    expect(await verifyEncoderFiles(truncated)).toMatchObject({
      failure: { code: "encoder_file_size", param: "weights" },
    });
    const changed = {
      ...modelFiles,
      graph: modelFiles.graph.with(100, modelFiles.graph[100] ^ 1),
    };
    expect(await verifyEncoderFiles(changed)).toMatchObject({
      failure: { code: "encoder_file_checksum", param: "graph" },
    });
  });
});
