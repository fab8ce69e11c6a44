import { readFile } from "node:fs/promises";
import { createSimdSession, openRouter } from "signalbox/router";

// node decide.ts "How many positive divisors does 360 have?": a decision without a server.
const read = async (name: string) =>
  new Uint8Array(await readFile(new URL(import.meta.resolve(`signalbox/${name}`))));

const kernel = new WebAssembly.Module(await read("kernel.wasm"));
const router = await openRouter({
  bundle: await read("models/default/bundle.safetensors"),
  catalogue: await read("models/default/catalogue.json"),
  encoder: {
    manifest: await read("models/encoder/manifest.json"),
    graph: await read("models/encoder/graph.onnx"),
    weights: await read("models/encoder/weights.bin"),
    tokenizer: await read("models/encoder/tokenizer.json"),
  },
  openSession: (files) => createSimdSession(files, kernel),
});
if (!router.ok) throw new Error(router.failure.message);

const prompt = process.argv[2] ?? "How many positive divisors does 360 have?";
const decided = await router.value.route({ prompt, tolerance: 0.05 });
if (!decided.ok) throw new Error(decided.failure.message);
const { model, pCorrect, reason } = decided.value;
console.log(JSON.stringify({ model, pCorrect, reason }));
