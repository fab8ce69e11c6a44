/** What the encoder graph reads for one text. */
export interface EncoderInput {
  /** Token ids of the context view, [CLS] and [SEP] included; 2 to the token cap of them. */
  readonly inputIds: Int32Array;
  /** Distinct token ids of the whole text, without special tokens; at least one. */
  readonly lexicalIds: Int32Array;
  /** How often each of `lexicalIds` occurs in the text; same length. */
  readonly lexicalCounts: Float32Array;
}

/** The port behind which a runtime (onnxruntime in Node or in a Worker, a WASM kernel) embeds token ids. */
export interface EncoderSession {
  /**
   * To how many bits activations are rounded before each product: 8 as in the ONNX graph, 7 where this CPU's dot product
   * takes no more. Undefined where there is no such product.
   */
  readonly activationBits?: 7 | 8;
  /**
   * Returns one unit vector: the context and the lexical view, each of unit length, concatenated and divided
   * by sqrt(2). Calls may overlap; a session that can run only one at a time queues them.
   */
  embed(input: EncoderInput): Promise<Float32Array>;
}
