import type { Catalogue } from "../core/catalogue.ts";
import type { Predictor } from "../core/predictor.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { type Dataset, takePrompts } from "./dataset.ts";
import { fitKnn } from "./fit-knn.ts";
import { defaultLandmarkOptions, fitLandmarkHeads } from "./fit-landmark-heads.ts";

export interface FitOptions {
  readonly kind: Predictor["kind"];
  /** k of kind knn. */
  readonly neighbors: number;
  readonly seed: number;
  readonly catalogue?: Catalogue;
}

export type FitCode = "too_few_prompts" | "no_models";

// Fewer prompts than this say nothing about a new one, whatever the method.
const FEWEST_PROMPTS = 8;

/** Fits a router of either kind and returns its bundle, or says why the outcomes don't suffice. */
export async function fitRouter(
  dataset: Dataset,
  encoder: Predictor["encoder"],
  options: FitOptions,
): Promise<Result<Uint8Array, FitCode>> {
  const train = dropEmptyPrompts(dataset);
  if (train.ids.length < FEWEST_PROMPTS) {
    return fail(
      "too_few_prompts",
      `only ${train.ids.length} prompts have outcomes; a router needs at least ${FEWEST_PROMPTS}`,
    );
  }
  const { catalogue } = options;
  if (catalogue !== undefined && !train.models.some((model) => Object.hasOwn(catalogue.models, model))) {
    return fail(
      "no_models",
      `none of the ${train.models.length} models with outcomes (${train.models.slice(0, 3).join(", ")}, ...) is in the catalogue, by id or alias`,
      "catalogue",
    );
  }
  const identity = { id: encoder.id, checksum: encoder.checksum, dimension: encoder.dimension };
  return ok(
    options.kind === "knn"
      ? await fitKnn(train, identity, options)
      : await fitLandmarkHeads(train, identity, {
          ...defaultLandmarkOptions,
          seed: options.seed,
          ...(catalogue === undefined ? {} : { catalogue }),
        }),
  );
}

/** Without the prompts that no remaining model answered: they would count as infinitely hard. */
function dropEmptyPrompts(dataset: Dataset): Dataset {
  const { outcomes } = dataset;
  const answered = Int32Array.from(dataset.ids, (_, i) => i).filter((i) =>
    outcomes.data
      .subarray(i * outcomes.columns, (i + 1) * outcomes.columns)
      .some((value) => !Number.isNaN(value)),
  );
  return answered.length === dataset.ids.length ? dataset : takePrompts(dataset, answered);
}
