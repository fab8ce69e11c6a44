import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { timeDecision } from "./latency.ts";
import { platform, startWorkerd, type Workerd } from "./live-worker.ts";
import { median } from "./statistics.ts";
import { type BackendName, createSubject, type Subject } from "./subjects.ts";
import { Texts } from "./texts.ts";
import { withWasmCount } from "./wrap-worker.ts";

// Where the encoder's files may live: in KV, as modules of the Worker (bytes, or the weights as a data segment of a
// WebAssembly module), or as static assets. `node test/bench/encoder-places.ts [--rounds 7] [--backends simd,onnx]`.
// The Worker is the built one; only what it reads the four files from differs.

const root = fileURLToPath(new URL("../..", import.meta.url));
const files = {
  manifest: "manifest.json",
  graph: "graph.onnx",
  weights: "weights.bin",
  tokenizer: "tokenizer.json",
} as const;
const places = ["kv", "module", "segment", "asset"] as const;
type Place = (typeof places)[number];

/** Cloudflare's list prices of November 2026, as `signalbox cost` has them. */
const USD_PER_KV_READ = 0.5e-6;
const USD_PER_CPU_MS = 0.02e-6;
/** Pointer, bundle and catalogue come from KV in any case. */
const KV_READS: Readonly<Record<Place, number>> = { kv: 7, module: 3, segment: 3, asset: 3 };

interface Sample {
  /** From the start of the process until it listens. */
  readonly readyMs: number;
  /** The first request to its answer. */
  readonly firstMs: number;
  /** Of the whole process up to then, what it takes without this Worker's encoder not deducted. */
  readonly cpuMs: number;
  /** What the isolate holds after garbage collection, in MB; WebAssembly memories counted. */
  readonly heldMb: number;
  /** Resident, of the whole process. */
  readonly rssMb: number;
}

type Modules = { type: "ESModule" | "CompiledWasm" | "Data"; path: string }[];

/** The Worker with an entry before it that answers reads of the encoder from elsewhere. */
async function startAt(place: Place, { worker, backend, state }: Subject, assets: string): Promise<Workerd> {
  const counted = await withWasmCount(worker);
  const { folder } = counted;
  const inner = basename(counted.modules[0]?.path as string);
  const modules: Modules = [...counted.modules];
  const imports: string[] = [];
  const readers: Record<string, string> = {};
  for (const [name, file] of Object.entries(files)) {
    if (place === "kv") continue;
    if (place === "asset") {
      readers[name] = `(await env.FILES.fetch("https://assets.local/${file}")).arrayBuffer()`;
      continue;
    }
    const bytes = new Uint8Array(await readFile(join(root, "models/encoder", file)));
    const isSegment = place === "segment" && name === "weights";
    const path = join(folder, isSegment ? "weights.wasm" : `${file}.data`);
    await writeFile(path, isSegment ? wasmOf(bytes) : bytes);
    modules.push({ type: isSegment ? "CompiledWasm" : "Data", path });
    imports.push(`import ${name} from "./${basename(path)}";`);
    readers[name] = isSegment
      ? `new WebAssembly.Instance(${name}).exports.memory.buffer.slice(0, ${bytes.byteLength})`
      : name;
  }
  const entry = join(folder, `place-${place}.js`);
  const cases = Object.entries(readers).map(([name, reader]) => `    case "${name}": return ${reader};`);
  await writeFile(
    entry,
    `import worker from "./${inner}";
${imports.join("\n")}
async function read(name, env) {
  switch (name) {
${cases.join("\n")}
  }
}
const reading = (env) => ({
  get(key, options) {
    const name = /^encoder\\/[^/]+\\/(\\w+)$/.exec(key)?.[1];
    return name === undefined || ${place === "kv"} ? env.SIGNALBOX.get(key, options) : read(name, env);
  },
});
export default {
  fetch: (request, env, context) => worker.fetch(request, { ...env, SIGNALBOX: reading(env) }, context),
};
`,
  );
  return startWorkerd({
    name: "signalbox",
    modules: [{ type: "ESModule", path: entry }, ...modules],
    modulesRoot: folder,
    ...platform,
    kvNamespaces: { SIGNALBOX: "signalbox" },
    bindings: { AUTH: "open", ENCODER_BACKEND: backend },
    ...(place === "asset"
      ? { assets: { directory: assets, binding: "FILES", routerConfig: { has_user_worker: true } } }
      : {}),
    resourcePersistencePath: state,
    handleStructuredLogs: () => {},
  });
}

/** A WebAssembly module of one memory, which its only data segment fills. */
function wasmOf(bytes: Uint8Array): Uint8Array {
  const pages = Math.ceil(bytes.byteLength / 65_536);
  const section = (id: number, content: readonly number[], rest: Uint8Array = new Uint8Array()) => {
    const size = leb(content.length + rest.byteLength);
    return Buffer.concat([Buffer.from([id, ...size, ...content]), rest]);
  };
  return Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section(5, [1, 0, ...leb(pages)]),
    section(7, [1, 6, ...Buffer.from("memory"), 2, 0]),
    // Into memory 0, at address 0.
    section(11, [1, 0, 0x41, 0, 0x0b, ...leb(bytes.byteLength)], bytes),
  ]);
}

/** An unsigned whole number, seven bits a byte. */
function leb(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

async function sample(place: Place, subject: Subject, assets: string, text: string): Promise<Sample> {
  const begun = performance.now();
  const workerd = await startAt(place, subject, assets);
  const readyMs = performance.now() - begun;
  try {
    const firstMs = await timeDecision({ ...workerd, put: async () => undefined }, text);
    const cpuMs = await workerd.cpuMs();
    const inspector = await workerd.inspect();
    const { total } = await inspector.memoryHeld();
    inspector.close();
    const wasm = (await (await fetch(`${workerd.origin}/wasm-memory`)).json()) as number;
    const rss = await workerd.rss();
    return { readyMs, firstMs, cpuMs, heldMb: (total + wasm) / 1e6, rssMb: rss / 1e6 };
  } finally {
    await workerd.stop();
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    backends: { type: "string", default: "simd,onnx" },
  },
});
const texts = new Texts(5);
for (const backend of values.backends.split(",") as BackendName[]) {
  const subject = await createSubject(backend, backend, root);
  const assets = join(root, "models/encoder");
  const samples = new Map<Place, Sample[]>(places.map((place) => [place, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const place of round % 2 === 0 ? places : places.toReversed()) {
      samples.get(place)?.push(await sample(place, subject, assets, texts.ofTokens(64)));
    }
  }
  console.log(`\n${backend}, medians of ${values.rounds} new processes each`);
  console.log(
    "| place | ready ms | first decision ms | CPU ms | held MB | resident MB | KV reads | USD a million cold starts |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const [place, taken] of samples) {
    const of = (name: keyof Sample) => median(taken.map((each) => each[name]));
    const usd = (KV_READS[place] * USD_PER_KV_READ + of("cpuMs") * USD_PER_CPU_MS) * 1e6;
    const cells = [of("readyMs"), of("firstMs"), of("cpuMs"), of("heldMb"), of("rssMb")].map((value) =>
      value.toFixed(0),
    );
    console.log(`| ${[place, ...cells, KV_READS[place], usd.toFixed(2)].join(" | ")} |`);
  }
}
