import { createHash } from "node:crypto";
import type { EncoderManifest } from "../../../src/encoder/manifest.ts";
import type { OnnxTensor } from "./onnx-file.ts";

interface Provenance {
  readonly source: string;
  /** sha256 of each file that was read. */
  readonly sourceFiles: Readonly<Record<string, string>>;
  /** sha256 of calibration.safetensors. */
  readonly calibration: string;
  readonly calibrationSuites: readonly string[];
}

const done = [
  "query, key and value projections merged; segment embedding 0 added to the position embeddings",
  "SmoothQuant, alpha 0.65, on every linear layer; that of the attention output folded into the values",
  "linear weights rounded to int8 with one symmetric scale per output, so that the error of the output is least on the covariance of the inputs measured in calibration; the error on the mean input taken up by the bias",
  "activations are quantised at run time",
  "inputs of the second feed-forward layer scaled to maximum 1 per token",
  "word embeddings rounded to int8 with one scale per token",
  "mean pooling and L2 norm moved into the graph",
  "lexical view added: weighted mean of the word embeddings of all tokens, weights 1e-3 / (1e-3 + frequency), minus the mean over the calibration prompts, L2 norm",
];

/** The text of manifest.json. `notes` in the tensor table say what each kind of tensor means to another backend. */
export function encoderManifest(
  contents: Readonly<Record<"graph" | "weights" | "tokenizer", Uint8Array>>,
  tensors: readonly OnnxTensor[],
  provenance: Provenance,
): string {
  const file = (name: string, bytes: Uint8Array) => ({
    name,
    bytes: bytes.byteLength,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  const manifest: EncoderManifest & Record<string, unknown> = {
    format: 1,
    id: "minilm-l6-v2-int8-2view",
    dimension: 768,
    views: [
      { name: "context", offset: 0, dimension: 384 },
      { name: "lexical", offset: 384, dimension: 384 },
    ],
    input: { tokenCap: 128, lexicalDistinctCap: 4096 },
    files: {
      graph: file("graph.onnx", contents.graph),
      weights: file("weights.bin", contents.weights),
      tokenizer: file("tokenizer.json", contents.tokenizer),
    },
    license: "Apache-2.0",
    provenance: { ...provenance, done },
    architecture: { layers: 6, hidden: 384, heads: 12, layerNormEpsilon: 1e-12, activation: "gelu (erf)" },
    notes: {
      "*.weight of linear layers": "int8 [inputs, outputs]; value = int8 * scale[output]",
      "*.smooth": "multiply the layer's input by this, channel by channel, before quantising it",
      "layer.*.ffn_out":
        "divide each row of the (smoothed) input by its largest magnitude, multiply the product back, then add the bias",
      word_embeddings: "int8 [tokens, 384]; value = int8 * scale[token]",
      embedding: "concat(unit(mean of the last layer over tokens), unit(lexical)) / sqrt(2)",
    },
    tensors: tensors.flatMap(({ name, type, shape, data }) =>
      data instanceof Uint8Array
        ? []
        : [{ name, dtype: type, shape, offset: data.offset, bytes: data.bytes }],
    ),
  };
  return `${stringify(manifest)}\n`;
}

/** Indented JSON with each tensor on one line. */
function stringify({ tensors, ...rest }: { readonly tensors: readonly unknown[] }): string {
  const table = tensors.map((tensor) => `    ${JSON.stringify(tensor)}`).join(",\n");
  return `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "tensors": [\n${table}\n  ]\n}`;
}
