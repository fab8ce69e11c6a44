import type { ErrorCode } from "../contract/error.ts";
import type { Catalogue } from "../core/catalogue.ts";
import type { Predictor } from "../core/predictor.ts";
import type { Failure } from "../core/result.ts";

/** What of the parts doesn't fit together; `catalogue` is left out where it couldn't be read. */
export function mismatches(
  predictor: Predictor,
  encoderChecksum: string,
  catalogue?: Catalogue,
): readonly Failure<ErrorCode>[] {
  const found: Failure<ErrorCode>[] = [];
  const { id, checksum } = predictor.encoder;
  if (checksum !== encoderChecksum) {
    const message = `the bundle was trained on encoder ${id} ${checksum}, here is ${encoderChecksum}`;
    found.push({ code: "encoder_mismatch", message });
  }
  if (catalogue !== undefined && !predictor.models.some((model) => Object.hasOwn(catalogue.models, model))) {
    found.push({ code: "models_mismatch", message: "the catalogue has none of the bundle's models" });
  }
  return found;
}
