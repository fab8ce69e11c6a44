import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BuiltWorker } from "./build-worker.ts";

interface Wrapping {
  /** Name of the two modules that are added. */
  readonly name: string;
  /** Runs before the Worker's own code. */
  readonly prelude: string;
  /** Requests for this path go to `answer` in place of the Worker. */
  readonly path: string;
  /** A function expression: request -> Response. */
  readonly answer: string;
}

/** The built Worker, unchanged, behind an entry that prepares the isolate and answers one path more. */
export async function wrapWorker(
  { folder, modules }: BuiltWorker,
  { name, prelude, path, answer }: Wrapping,
): Promise<BuiltWorker> {
  const script = modules.find(({ type }) => type === "ESModule")?.path as string;
  const entry = `import "./${name}-prelude.js";
import worker from "./${basename(script)}";
const answer = ${answer};
export default {
  fetch: (request, env, context) =>
    new URL(request.url).pathname === ${JSON.stringify(path)} ? answer(request) : worker.fetch(request, env, context),
};
`;
  const paths = { entry: join(folder, `${name}-entry.js`), prelude: join(folder, `${name}-prelude.js`) };
  await writeFile(paths.entry, entry);
  await writeFile(paths.prelude, prelude);
  return {
    folder,
    modules: [{ type: "ESModule", path: paths.entry }, { type: "ESModule", path: paths.prelude }, ...modules],
  };
}

/** Counts WebAssembly memories, which V8's inspector leaves out: GET /wasm-memory answers their bytes. */
export function withWasmCount(worker: BuiltWorker): Promise<BuiltWorker> {
  return wrapWorker(worker, {
    name: "wasm-count",
    prelude: `const memories = new Set();
const keep = (value) => value instanceof WebAssembly.Memory && memories.add(new WeakRef(value));
const note = (instance, imports = {}) => {
  for (const group of [instance.exports, ...Object.values(imports)]) Object.values(group).forEach(keep);
  return instance;
};
const { Instance, instantiate } = WebAssembly;
WebAssembly.Instance = new Proxy(Instance, {
  construct: (target, [module, imports]) => note(new target(module, imports), imports),
});
WebAssembly.instantiate = async (module, imports) => {
  const made = await instantiate(module, imports);
  note(made instanceof Instance ? made : made.instance, imports);
  return made;
};
globalThis.wasmBytes = () => {
  const buffers = new Set([...memories].map((memory) => memory.deref()?.buffer).filter(Boolean));
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
};
`,
    path: "/wasm-memory",
    answer: "() => Response.json(globalThis.wasmBytes())",
  });
}
