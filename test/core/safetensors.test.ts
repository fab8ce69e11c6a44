import { describe, expect, it } from "vitest";
import { readSafetensors, type Tensor, writeSafetensors } from "../../src/core/safetensors.ts";

const tensors = new Map<string, Tensor>([
  ["a", { dtype: "I8", shape: [3], data: Int8Array.of(-128, 0, 127) }],
  ["b", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, -2.5, Number.MAX_VALUE, 1e-30) }],
  ["empty", { dtype: "U8", shape: [0, 4], data: new Uint8Array(0) }],
]);
const metadata = { note: "ü" };
const written = writeSafetensors({ tensors, metadata });

describe("safetensors", () => {
  it("reads back what it wrote, also from an odd offset in a larger buffer", () => {
    const moved = new Uint8Array(written.length + 3);
    moved.set(written, 3);
    for (const bytes of [written, moved.subarray(3)]) {
      const read = readSafetensors(bytes);
      expect(read).toEqual({ ok: true, value: { tensors, metadata } });
    }
  });

  it("writes equal bytes for equal input", () => {
    expect(writeSafetensors({ tensors: new Map(tensors), metadata: { ...metadata } })).toEqual(written);
  });

  const header = (text: string) => {
    const json = new TextEncoder().encode(text);
    const bytes = new Uint8Array(8 + json.length);
    new DataView(bytes.buffer).setUint32(0, json.length, true);
    bytes.set(json, 8);
    return bytes;
  };

  it.each([
    ["nothing", new Uint8Array(0), "not_safetensors"],
    ["other bytes", new Uint8Array(64).fill(7), "not_safetensors"],
    ["broken JSON", header("{nope"), "not_safetensors"],
    ["a header that is cut", written.subarray(0, 20), "truncated"],
    ["data that is cut", written.subarray(0, written.length - 1), "truncated"],
    ["an unknown dtype", header('{"a":{"dtype":"C64","shape":[0],"data_offsets":[0,0]}}'), "unknown_dtype"],
    ["a shape of other size", header('{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,1]}}'), "bad_offsets"],
    ["a negative size", header('{"a":{"dtype":"I8","shape":[-1],"data_offsets":[0,-1]}}'), "bad_offsets"],
    [
      "an inherited name as dtype",
      header('{"a":{"dtype":"toString","shape":[0],"data_offsets":[0,0]}}'),
      "unknown_dtype",
    ],
  ])("refuses %s", (_, bytes, code) => {
    expect(readSafetensors(bytes)).toMatchObject({ ok: false, failure: { code } });
  });
});

it("reads a Buffer that lies at an odd place of a larger one", () => {
  const tensors = new Map<string, Tensor>([
    ["odd", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ["floats", { dtype: "F32", shape: [2], data: Float32Array.of(0.5, -2) }],
  ]);
  const bytes = writeSafetensors({ tensors, metadata: {} });
  const pool = Buffer.alloc(bytes.length + 100, 0x55);
  pool.set(bytes, 5);
  const read = readSafetensors(pool.subarray(5, 5 + bytes.length));
  expect(read.ok && Array.from(read.value.tensors.get("floats")?.data ?? [])).toEqual([0.5, -2]);
});
