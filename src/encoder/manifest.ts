import { describeValue } from "../core/describe-value.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { InputLimits } from "./encode-text.ts";

/** One of the encoder's files: what must arrive for it to be the right one. */
interface EncoderFileEntry {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Where a tensor stands in the weights file, for backends that read it without ONNX. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

/** A part of the embedding with a meaning of its own. */
interface ViewEntry {
  readonly name: string;
  readonly offset: number;
  readonly dimension: number;
}

/** manifest.json: what the encoder is and which bytes it consists of. */
export interface EncoderManifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly id: string;
  readonly dimension: number;
  readonly views: readonly ViewEntry[];
  readonly input: InputLimits;
  readonly files: Readonly<Record<EncoderFileKey, EncoderFileEntry>>;
  readonly license: string;
  readonly tensors: readonly TensorEntry[];
}

const MANIFEST_FORMAT = 1;
export const encoderFileKeys = ["graph", "weights", "tokenizer"] as const;
type EncoderFileKey = (typeof encoderFileKeys)[number];

export type ManifestCode = "bad_manifest" | "unknown_manifest_format";

/** Reads and checks manifest.json; unknown fields are allowed and ignored. */
export function parseManifest(bytes: Uint8Array): Result<EncoderManifest, ManifestCode> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return bad("is not valid JSON");
  }
  if (!isRecord(value)) return bad("is not a JSON object");
  if (value["format"] !== MANIFEST_FORMAT) {
    return fail(
      "unknown_manifest_format",
      `the encoder manifest's format is ${describeValue(value["format"])}, this version reads ${MANIFEST_FORMAT}`,
      "manifest",
    );
  }
  const { id, dimension, license, views, input, files, tensors } = value;
  if (typeof id !== "string" || id === "") return bad("has no id");
  if (typeof license !== "string") return bad("names no license");
  if (!isCount(dimension) || dimension === 0) return bad("has no valid dimension");
  if (!isRecord(input) || !isCount(input["tokenCap"]) || input["tokenCap"] < 3) {
    return bad("has no valid input.tokenCap (at least 3)");
  }
  if (!isCount(input["lexicalDistinctCap"]) || input["lexicalDistinctCap"] < 1) {
    return bad("has no valid input.lexicalDistinctCap (at least 1)");
  }
  if (!isRecord(files)) return bad("has no files");
  for (const key of encoderFileKeys) {
    const entry = files[key];
    if (!isRecord(entry) || !isCount(entry["bytes"]) || !/^[0-9a-f]{64}$/.test(String(entry["sha256"]))) {
      return bad(`has no valid entry files.${key} (bytes, sha256)`);
    }
  }
  if (!Array.isArray(views) || !views.every(isRecord)) return bad("has no list of views");
  if (!Array.isArray(tensors) || !tensors.every(isTensorEntry)) return bad("has no valid table of tensors");
  return ok(value as unknown as EncoderManifest);
}

function bad(problem: string) {
  return fail("bad_manifest" as const, `the encoder manifest ${problem}`, "manifest");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTensorEntry(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    typeof value["dtype"] === "string" &&
    Array.isArray(value["shape"]) &&
    value["shape"].every(isCount) &&
    isCount(value["offset"]) &&
    isCount(value["bytes"])
  );
}
