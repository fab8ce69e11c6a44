import { type BundleCode, BundleFault, type BundleReader, openBundle } from "./bundle-reader.ts";
import { describeValue } from "./describe-value.ts";
import { knnPredictor } from "./knn-predictor.ts";
import { landmarkPredictor } from "./landmark-predictor.ts";
import type { Predictor, RouterKind } from "./predictor.ts";
import { fail, ok, type Result } from "./result.ts";

export type { BundleCode } from "./bundle-reader.ts";

const kinds: Readonly<Record<RouterKind, (reader: BundleReader) => Predictor>> = {
  "landmark-heads": landmarkPredictor,
  knn: knnPredictor,
};

/**
 * Reads a bundle of any kind and checks everything that serving relies on: version, names, shapes, types and that
 * every number is finite. The file's bytes are viewed, not copied, so they must not change afterwards.
 */
export function loadPredictor(bytes: Uint8Array): Result<Predictor, BundleCode> {
  const reader = openBundle(bytes);
  if (!reader.ok) return reader;
  const kind = reader.value.header["kind"];
  if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) {
    return fail(
      "bundle_header",
      `the bundle's kind is ${describeValue(kind)}, not ${Object.keys(kinds).join(" or ")}`,
    );
  }
  try {
    return ok(kinds[kind as RouterKind](reader.value));
  } catch (error) {
    if (error instanceof BundleFault) return { ok: false, failure: error.failure };
    throw error;
  }
}
