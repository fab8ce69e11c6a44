import * as fc from "fast-check";
import { loadPredictor } from "../../../src/core/bundle.ts";
import { catalogueWithoutPrices } from "../../../src/core/catalogue.ts";
import { decide } from "../../../src/core/decide.ts";
import { float32ToFloat16 } from "../../../src/core/math/float16.ts";
import { quantizeRows } from "../../../src/core/math/quantize.ts";
import type { Predictor } from "../../../src/core/predictor.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../../src/core/safetensors.ts";
import { recommendForTask } from "../../../src/core/task.ts";
import { type Random, seededRandom } from "../../../src/numerics/random.ts";
import { floatTensor, quantizedTensors, writeBundle } from "../../../src/training/write-bundle.ts";
import { jsonText, mutateJson, pick } from "../mutate.ts";
import { check, outcomeOf, type Target, utf8 } from "../target.ts";

const DIMENSION = 8;
const models = ["amber", "basalt", "cobalt"];
const tasks = ["sums", "words"];
const encoder = { id: "tiny", checksum: "0".repeat(64), dimension: DIMENSION };
const words = [
  "__metadata__",
  "dtype",
  "shape",
  "data_offsets",
  "F32",
  "F16",
  "I8",
  "U8",
  "null",
  "1e999",
  "-1",
  "{}",
];

/** Numbers of about the size that fitted ones have. */
function numbers(count: number, random: Random): Float32Array {
  return Float32Array.from({ length: count }, () => (random() - 0.5) * 0.6);
}

function unitRows(rows: number, random: Random): Float32Array {
  const values = Float32Array.from({ length: rows * DIMENSION }, () => random() - 0.5);
  for (let row = 0; row < rows; row++) {
    const part = values.subarray(row * DIMENSION, (row + 1) * DIMENSION);
    const length = Math.hypot(...part);
    part.forEach((value, k) => {
      part[k] = value / length;
    });
  }
  return values;
}

export function tinyLandmarkBundle(): Uint8Array {
  const random = seededRandom(1);
  const landmarks = 4;
  const columns = landmarks + tasks.length + 1;
  const head = () => floatTensor([models.length, columns], numbers(models.length * columns, random));
  return writeBundle(
    {
      kind: "landmark-heads",
      encoder,
      models,
      tasks,
      training: {},
      kernel: { gamma: 3 },
      trust: { intercept: -3, nearest: 4, task_score: 2 },
    },
    new Map([
      ...quantizedTensors("landmarks", quantizeRows(unitRows(landmarks, random), DIMENSION)),
      [
        "head.tasks",
        floatTensor([tasks.length, landmarks + 1], numbers(tasks.length * (landmarks + 1), random)),
      ],
      ["head.p_correct", head()],
      ["head.decision", head()],
      [
        "head.unfamiliar",
        floatTensor([models.length, landmarks + 1], numbers(models.length * (landmarks + 1), random)),
      ],
      ["head.log_output_tokens", head()],
      ["calibration.x", floatTensor([3], [0, 0.5, 1])],
      ["calibration.y", floatTensor([3], [0.1, 0.6, 0.9])],
      ["prior", floatTensor([models.length], [0.4, 0.5, 0.6])],
      ["spend.share", floatTensor([2], [0, 1])],
      ["spend.log_lambda_usd", floatTensor([2], [-9, 2])],
    ]),
  );
}

export function tinyKnnBundle(): Uint8Array {
  const random = seededRandom(2);
  const prompts = 24;
  return writeBundle(
    { kind: "knn", encoder, models, tasks, training: {}, knn: { neighbors: 5 } },
    new Map<string, Tensor>([
      ...quantizedTensors("embeddings", quantizeRows(unitRows(prompts, random), DIMENSION)),
      [
        "outcomes",
        {
          dtype: "U8",
          shape: [prompts, 3],
          data: Uint8Array.from({ length: prompts * 3 }, (_, k) => (k * 37) % 256),
        },
      ],
      [
        "task_of",
        { dtype: "I32", shape: [prompts], data: Int32Array.from({ length: prompts }, (_, k) => k % 2) },
      ],
      ["prior", floatTensor([3], [0.4, 0.5, 0.6])],
      ["output_tokens", floatTensor([3], [100, -1, 300])],
      ["familiarity.distance", floatTensor([2], [0.2, 0.9])],
      ["familiarity.value", floatTensor([2], [1, 0])],
      ["reference.distance", floatTensor([2], [0.3, 0.5])],
      ["reference.verdict_accuracy", floatTensor([2, 3], [0.6, 0.7, -1, 0.8, 0.5, 0.9])],
    ]),
  );
}

export const safetensors: Target = {
  name: "safetensors",
  examples: () => [
    tinyLandmarkBundle(),
    tinyKnnBundle(),
    headerOnly("{}"),
    headerOnly('{"__metadata__":null}'),
  ],
  inputs: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ depthSize: "small" }).map(headerOnly),
    tensorEntries().map((entries) => headerOnly(JSON.stringify(entries), 64)),
  ),
  mutate: (example, random) => mutateBundle(example, random),
  words,
  codes: ["not_safetensors", "truncated", "unknown_dtype", "bad_offsets"],
  run(input) {
    const file = readSafetensors(input);
    if (file.ok) {
      for (const [name, { shape, data }] of file.value.tensors) {
        check(
          data.length === shape.reduce((product, size) => product * size, 1),
          `${name} does not fill its shape`,
        );
      }
      const again = readSafetensors(writeSafetensors(file.value));
      check(again.ok, "what was read cannot be written and read again");
      check(
        JSON.stringify(describe(again.value.tensors)) === JSON.stringify(describe(file.value.tensors)),
        "what was read is written as something else",
      );
    }
    return outcomeOf(file);
  },
};

export const bundle: Target = {
  name: "bundle",
  examples: () => [tinyLandmarkBundle(), tinyKnnBundle()],
  mutate: (example, random) => mutateBundle(example, random),
  words: [...words, "kernel", "gamma", "trust", "knn", "neighbors", "models", "tasks"],
  codes: [
    "bundle_unreadable",
    "bundle_format_version",
    "bundle_header",
    "bundle_tensor",
    "bundle_not_finite",
  ],
  run(input) {
    const predictor = loadPredictor(input);
    if (predictor.ok) checkPredictions(predictor.value);
    return outcomeOf(predictor);
  },
};

/** Whatever bundle is accepted, no prediction of it may be anything that a caller can't be shown. */
function checkPredictions(predictor: Predictor): void {
  const random = seededRandom(3);
  const catalogue = catalogueWithoutPrices(predictor.models);
  for (let round = 0; round < 4; round++) {
    const embedding = unitVector(predictor.encoder.dimension, random);
    const prediction = predictor.predict(embedding);
    const { familiarity } = prediction;
    check(familiarity >= 0 && familiarity <= 1, `familiarity is ${familiarity}`);
    check(
      prediction.pCorrect.every((p) => p >= 0 && p <= 1),
      `probabilities are ${prediction.pCorrect}`,
    );
    check(prediction.decisionScore.every(Number.isFinite), `scores are ${prediction.decisionScore}`);
    for (const rule of [
      { kind: "quality" },
      { kind: "spend", spend: 0.5 },
      { kind: "tolerance", tolerance: 0.1 },
    ] as const) {
      const decision = decide(predictor, catalogue, prediction, {
        inputTokens: 10,
        require: { capabilities: [] },
        rule,
      });
      if (!decision.ok) check(decision.failure.code === "spend_not_calibrated", decision.failure.message);
      else
        check(Number.isFinite(decision.value.expectedUsd), `a decision costs ${decision.value.expectedUsd}`);
    }
    const recommended = recommendForTask(predictor, [{ embedding }, { embedding, labels: {} }], random);
    check(predictor.models.includes(recommended.model), `the model for a task is ${recommended.model}`);
    check(
      recommended.scores.every(({ posterior }) => Number.isFinite(posterior)),
      "a posterior is not finite",
    );
  }
}

function unitVector(dimension: number, random: Random): Float32Array {
  const vector = Float32Array.from({ length: dimension }, () => random() - 0.5);
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

const oddFloats = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  3.4e38,
  -3.4e38,
  1e-45,
  0,
  -1,
  2,
  1e9,
];

/** Another header, other numbers in the tensors, another shape, or a tensor that is missing or of another type. */
function mutateBundle(example: Uint8Array, random: Random): Uint8Array {
  const file = readSafetensors(example);
  if (!file.ok || file.value.tensors.size === 0)
    return example.slice(0, Math.floor(random() * example.length));
  const tensors = new Map(file.value.tensors);
  const [name, tensor] = pick([...tensors], random);
  let metadata = file.value.metadata;
  switch (Math.floor(random() * 6)) {
    case 0:
      metadata = { signalbox: jsonText(mutateJson(JSON.parse(metadata["signalbox"] ?? "{}"), random)) };
      break;
    case 1:
      tensors.delete(name);
      break;
    case 2:
      tensors.set(name, {
        dtype: "F16",
        shape: tensor.shape,
        data: float32ToFloat16(Array.from(tensor.data)),
      });
      break;
    case 3:
      emptyDimension(tensors, tensor.shape[0]);
      break;
    default: {
      const data = tensor.data.slice();
      for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
        data[Math.floor(random() * data.length)] = pick(oddFloats, random);
      }
      tensors.set(name, { ...tensor, data } as Tensor);
    }
  }
  return writeSafetensors({ tensors, metadata });
}

// Every tensor with this many rows loses them all: counts that fit each other, but are 0.
function emptyDimension(tensors: Map<string, Tensor>, rows: number): void {
  for (const [name, tensor] of tensors) {
    if (tensor.shape[0] !== rows) continue;
    tensors.set(name, {
      ...tensor,
      shape: [0, ...tensor.shape.slice(1)],
      data: tensor.data.slice(0, 0),
    } as Tensor);
  }
}

function headerOnly(json: string, dataBytes = 0): Uint8Array {
  const header = utf8(json);
  const bytes = new Uint8Array(8 + header.length + dataBytes);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 8);
  return bytes;
}

function tensorEntries(): fc.Arbitrary<unknown> {
  const count = fc.oneof(fc.nat(16), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53 - 1, -1, 0.5));
  const entry = fc.record(
    {
      dtype: fc.constantFrom("F32", "F16", "I32", "U16", "I8", "U8", "F64", "toString"),
      shape: fc.oneof(fc.array(count, { maxLength: 3 }), fc.jsonValue()),
      data_offsets: fc.oneof(fc.tuple(count, count), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  return fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom("__metadata__", "__proto__")),
    fc.oneof(entry, fc.jsonValue()),
  );
}

function describe(tensors: ReadonlyMap<string, Tensor>): unknown {
  return Array.from(tensors, ([name, { dtype, shape, data }]) => [
    name,
    dtype,
    shape,
    Array.from(data, String),
  ]);
}
