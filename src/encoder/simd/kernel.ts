/** What the WASM module in kernel.wasm exports; addresses are bytes in its memory. */
export interface Kernel {
  readonly memory: WebAssembly.Memory;

  readonly WORDS: WebAssembly.Global<"i32">;
  readonly WORD_SCALES: WebAssembly.Global<"i32">;
  readonly POSITION_ROWS: WebAssembly.Global<"i32">;
  readonly EMBEDDING_NORM: WebAssembly.Global<"i32">;
  readonly LEXICAL_WEIGHTS: WebAssembly.Global<"i32">;
  readonly LEXICAL_MEAN: WebAssembly.Global<"i32">;
  /** Where weights wait for `pack`, and later the activations stand. */
  readonly TENSORS_END: WebAssembly.Global<"i32">;
  readonly INPUT_IDS: WebAssembly.Global<"i32">;
  readonly LEXICAL_IDS: WebAssembly.Global<"i32">;
  readonly LEXICAL_COUNTS: WebAssembly.Global<"i32">;
  /** The result: 768 floats, the context view and the lexical view. */
  readonly EMBEDDING: WebAssembly.Global<"i32">;

  /** How many distinct tokens one call of `addLexical` takes. */
  readonly LEXICAL_SLAB: WebAssembly.Global<"i32">;
  /** Most tokens of a context view. */
  readonly POSITIONS: WebAssembly.Global<"i32">;
  readonly VOCABULARY: WebAssembly.Global<"i32">;

  /** Grows the memory for the tensors and `staging` bytes of weights; first of all calls. */
  start(staging: number): void;
  scaleAt(layer: number, linear: number): number;
  biasAt(layer: number, linear: number): number;
  smoothAt(layer: number, linear: number): number;
  attentionNormAt(layer: number): number;
  outputNormAt(layer: number): number;
  /** Packs the weights at `source`. */
  pack(source: number, layer: number, linear: number): void;
  /** Whether activations have 8 bits, as in the ONNX graph; 7 where the engine's dot product allows no more. */
  exact(): number;
  /** Makes room for texts of that many tokens; may grow, and thereby replace, `memory.buffer`. */
  reserve(tokens: number): void;
  addLexical(count: number, clear: number): void;
  finishLexical(): void;
  encode(tokens: number): void;
}

/** A new instance of the kernel; its tensors are still to be loaded. */
export function instantiateKernel(module: WebAssembly.Module): Kernel {
  return new WebAssembly.Instance(module, {}).exports as unknown as Kernel;
}
