import type { Catalogue } from "../core/catalogue.ts";
import type { Predictor, RouterKind, WordsView } from "../core/predictor.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { type Dataset, takePrompts } from "./dataset.ts";
import { fitKnn, KNN_NEIGHBORS } from "./fit-knn.ts";
import { defaultLandmarkOptions, fitLandmarkHeads } from "./fit-landmark-heads.ts";

export interface FitOptions {
  readonly kind: RouterKind;
  readonly seed: number;
  /** k of kind knn, if not its default. */
  readonly neighbors?: number | undefined;
  readonly catalogue?: Catalogue | undefined;
  /** Where the lexical view stands in the embeddings, for a second set of heads on it alone. */
  readonly words?: WordsView | undefined;
}

export type FitCode = "too_few_prompts" | "no_models";

// Fewer prompts than this say nothing about a new one, whatever the method.
const FEWEST_PROMPTS = 8;

type Fit = (train: Dataset, encoder: Predictor["encoder"], options: FitOptions) => Promise<Uint8Array>;

const fits: Readonly<Record<RouterKind, Fit>> = {
  "landmark-heads": (train, encoder, { seed, catalogue, words }) =>
    fitLandmarkHeads(train, encoder, {
      ...defaultLandmarkOptions,
      seed,
      ...(catalogue && { catalogue }),
      ...(words && { words }),
    }),
  knn: (train, encoder, { neighbors }) => fitKnn(train, encoder, { neighbors: neighbors ?? KNN_NEIGHBORS }),
};

/** Fits a router of any kind and returns its bundle, or says why the outcomes don't suffice. */
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
  return ok(await fits[options.kind](train, identity, options));
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
