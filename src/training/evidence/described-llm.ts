import { BUNDLE_METADATA_KEY } from "../../core/bundle-reader.ts";
import type { Evidence } from "../../core/evidence.ts";
import type { HeadSet } from "../../core/landmark-predictor.ts";
import { float16ToFloat32 } from "../../core/math/float16.ts";
import type { LinearHead } from "../../core/math/linear-head.ts";
import { mixHead, rowOfHead } from "../../core/math/llm-evidence.ts";
import { logit } from "../../core/math/logistic.ts";
import type { Posterior } from "../../core/math/posterior.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../core/safetensors.ts";
import { floatTensor, halfTensor } from "../write-bundle.ts";
import { averageFeatures, type KnownBundle } from "./known-bundle.ts";
import { boundsOf } from "./known-evidence.ts";

/** Shares of 0 and 1 have no log-odds. */
const CLOSEST_TO_CERTAIN = 1e-3;
/** Standard deviations below which 1 in 20 lies. With one of them, ten lucky outcomes won traffic on llmrouter. */
const CAUTION = 1.645;

/** An LLM as what is believed of it relative to those of a bundle. */
export interface DescribedLlm {
  readonly model: string;
  readonly evidence: Evidence;
  /** In the order of `LlmEvidence`. */
  readonly weights: Float64Array;
  /** What its own deviations on tasks come to on average. */
  readonly byTask: number;
  /** Standard deviation of what is not known of it on average. */
  readonly doubt: number;
  /** False where the bundle was trained on its outcomes. */
  readonly isNew: boolean;
}

export function describeLlm(
  model: string,
  known: KnownBundle,
  { means, varianceOf }: Posterior,
  counts: Omit<Evidence, "ability">,
  isNew: boolean,
): DescribedLlm {
  const { models, tasks } = known.evidence;
  const { row: design } = known.evidence.rowAt(averageFeatures(known));
  let byTask = 0;
  for (let j = models; j < models + tasks; j++) byTask += design[j] * means[j];
  const doubt = Math.sqrt(varianceOf(design));
  // On the scale of the other LLMs' means, which is not that of their heads: those add up shares, priors log-odds.
  const [mixed] = mixHead({ weights: known.priors, outputs: models }, means);
  const mean = mixed + means[models + tasks] + byTask;
  return {
    model,
    weights: means,
    byTask,
    doubt,
    isNew,
    evidence: { ...counts, ability: boundsOf(mean, doubt) },
  };
}

/** The bundle with the rows of these LLMs: written over where it has them, added where it doesn't. */
export function writeLlms(bundle: Uint8Array, known: KnownBundle, llms: readonly DescribedLlm[]): Uint8Array {
  const file = readSafetensors(bundle);
  if (!file.ok) throw new Error(file.failure.message);
  const document = JSON.parse(file.value.metadata[BUNDLE_METADATA_KEY] as string);
  const before: readonly string[] = document.models;
  const added = llms.map(({ model }) => model).filter((model) => !before.includes(model));
  const models = [...before, ...added];
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of file.value.tensors) {
    const { head } = headOf(name);
    const ofModels = name === "prior" || (head.startsWith("head.") && head !== "head.tasks");
    tensors.set(name, ofModels ? writeRows(name, tensor, known, models, llms) : tensor);
  }
  const header = {
    ...document,
    models,
    evidence: { ...document.evidence, ...Object.fromEntries(llms.map((llm) => [llm.model, llm.evidence])) },
  };
  return writeSafetensors({ tensors, metadata: { [BUNDLE_METADATA_KEY]: JSON.stringify(header) } });
}

/** A tensor's name within its set of heads: what is said of an LLM holds for both views of a prompt. */
function headOf(name: string): { readonly set: HeadSet; readonly head: string } {
  return name.startsWith("words.")
    ? { set: "words.", head: name.slice("words.".length) }
    : { set: "", head: name };
}

function writeRows(
  name: string,
  tensor: Tensor,
  known: KnownBundle,
  models: readonly string[],
  llms: readonly DescribedLlm[],
): Tensor {
  const { shape, dtype } = tensor;
  const data = dtype === "F16" ? float16ToFloat32(tensor.data) : (tensor.data as Float32Array);
  const head: LinearHead = { weights: data, outputs: shape[0] as number };
  const width = data.length / head.outputs;
  const written = new Float32Array(models.length * width);
  written.set(data);
  // Answer lengths don't follow from who errs alike: a new LLM is taken to be as wordy as the others, a known one stays.
  const isLength = headOf(name).head === "head.log_output_tokens";
  for (const llm of isLength ? llms.filter(({ isNew }) => isNew) : llms) {
    written.set(rowOf(name, head, known, llm), models.indexOf(llm.model) * width);
  }
  return (dtype === "F16" ? halfTensor : floatTensor)([models.length, ...shape.slice(1)], written);
}

function rowOf(
  name: string,
  head: LinearHead,
  { evidence, priors, reader }: KnownBundle,
  { weights, byTask, doubt, isNew }: DescribedLlm,
): Float64Array {
  const ability = weights[weights.length - 1];
  // Whoever is little known must not win traffic by luck, and among many candidates the luckiest would: decisions take
  // the lower bound.
  const caution = isNew ? CAUTION * doubt : 0;
  const shift = ability + byTask - caution;
  const { set, head: kind } = headOf(name);
  switch (kind) {
    case "head.log_output_tokens":
      return mixHead(head, new Float64Array(weights.length));
    case "head.unfamiliar": {
      // By as much as its log-odds of the prior: who is best on average must be so in both.
      const [prior] = mixHead({ weights: priors, outputs: priors.length }, weights);
      const [mixed] = mixHead({ weights: priors.map(logOdds), outputs: priors.length }, weights);
      const slope = reader.number(`${set}unfamiliar.ability`, 0, 1e3);
      return raise(mixHead(head, weights), slope * (logOdds(prior + shift) - mixed));
    }
    case "head.p_correct":
      return rowOfHead(head, evidence, weights);
    case "head.decision":
      return raise(rowOfHead(head, evidence, weights), -caution);
    case "prior":
      return raise(mixHead(head, weights), shift).map((share) => Math.min(Math.max(share, 0), 1));
    default:
      throw new Error(`no rule for the rows of ${name}`);
  }
}

function logOdds(share: number): number {
  return logit(Math.min(Math.max(share, CLOSEST_TO_CERTAIN), 1 - CLOSEST_TO_CERTAIN));
}

/** A head's row with another intercept. */
function raise(row: Float64Array, by: number): Float64Array {
  row[row.length - 1] += by;
  return row;
}
