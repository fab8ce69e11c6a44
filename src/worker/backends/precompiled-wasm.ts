// One load at a time: the replacement below is global.
let loading: Promise<unknown> = Promise.resolve();

/**
 * Runs `load` while `WebAssembly.instantiate` of bytes answers with an instance of `module`, and puts the original
 * back afterwards. workerd forbids compiling WebAssembly from bytes, and onnxruntime-web knows no other way to be
 * handed its module.
 */
export async function withPrecompiledWasm<T>(module: WebAssembly.Module, load: () => Promise<T>): Promise<T> {
  const turn = loading.then(() => replaceDuring(module, load));
  loading = turn.catch(() => {}); // a failed load must not fail the next one
  return turn;
}

async function replaceDuring<T>(module: WebAssembly.Module, load: () => Promise<T>): Promise<T> {
  const original = WebAssembly.instantiate;
  const replacement = async (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) => {
    if (source instanceof WebAssembly.Module) return original(source, imports);
    return { module, instance: new WebAssembly.Instance(module, imports) };
  };
  WebAssembly.instantiate = replacement as typeof WebAssembly.instantiate;
  try {
    return await load();
  } finally {
    WebAssembly.instantiate = original;
  }
}
