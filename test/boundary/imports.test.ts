import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../../src", import.meta.url));

/** Rooms that each room may import from, besides itself. Imports go one way, so worker and cli stand in no list. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  encoder: ["core"],
  contract: ["core"],
  router: ["core", "encoder", "contract"],
  learning: ["core", "encoder", "contract"],
  worker: ["core", "encoder", "contract", "router", "learning"],
  onnx: [],
  numerics: ["onnx"],
  catalogue: ["core", "contract"],
  outcomes: ["core"],
  importers: ["core", "outcomes"],
  embedding: ["core", "encoder", "onnx"],
  training: ["core", "encoder", "contract", "numerics", "outcomes", "embedding"],
  evaluation: ["core", "encoder", "contract", "numerics", "embedding", "training"],
  client: ["contract"],
  cli: [
    "catalogue",
    "core",
    "encoder",
    "contract",
    "router",
    "learning",
    "numerics",
    "outcomes",
    "embedding",
    "training",
    "evaluation",
    "importers",
    "client",
  ],
  playground: ["contract", "client"],
};

/** Packages of each room; where a room isn't named, any package may be used. */
const packages: Readonly<Record<string, RegExp>> = {
  core: /^$/,
  encoder: /^$/,
  contract: /^valibot$/,
  router: /^$/,
  learning: /^$/,
  worker: /^(hono(\/.*)?|onnxruntime-web\/.*|cloudflare:workers)$/,
  onnx: /^onnxruntime-web\/wasm$/,
  embedding: /^(node:.*|onnxruntime-node)$/,
  client: /^$/,
};

/** Files that run while the project is built, not in the Worker. */
const buildTime = /^contract\/openapi\.ts$/;

interface Import {
  readonly from: string;
  readonly target: string;
}

const imports = await collectImports();

test("the graph is not empty", () => {
  expect(imports.length).toBeGreaterThan(50);
});

test("imports go one way", () => {
  const wrong = imports.filter(({ from, target }) => {
    if (!target.startsWith(".")) return false;
    const [room, other] = [roomOf(from), roomOf(join(from, "..", target))];
    return room !== other && !mayImport[room]?.includes(other);
  });
  expect(wrong).toEqual([]);
});

test("rooms use only their own packages", () => {
  const wrong = imports.filter(
    ({ from, target }) =>
      !target.startsWith(".") && !buildTime.test(from) && packages[roomOf(from)]?.test(target) === false,
  );
  expect(wrong).toEqual([]);
});

test("onnxruntime is known to one file of each room that runs it", () => {
  const users = imports
    .filter(({ target }) => target.startsWith("onnxruntime-"))
    .map(({ from, target }) => `${from}: ${target.split("/", 1)[0]}`);
  expect([...new Set(users)].sort()).toEqual([
    "embedding/native-session.ts: onnxruntime-node",
    "onnx/onnx-runtime.ts: onnxruntime-web",
    "worker/backends/session-onnx.ts: onnxruntime-web",
  ]);
});

test("node: and build-time code never reach the Worker", () => {
  const wrong = imports.filter(({ from, target }) => {
    if (buildTime.test(from)) return false;
    const inWorker = ["core", "encoder", "contract", "router", "learning", "worker"].includes(roomOf(from));
    return inWorker && (target.startsWith("node:") || buildTime.test(join(from, "..", target)));
  });
  expect(wrong).toEqual([]);
});

test("the client takes types only", () => {
  const files = [...new Set(imports.map(({ from }) => from))].filter((file) => roomOf(file) === "client");
  expect(imports.filter(({ from, target }) => files.includes(from) && !target.startsWith("."))).toEqual([]);
});

test("the Worker's environment is read in one file", async () => {
  const files = (await readdir(join(source, "worker"), { recursive: true })).filter((file) =>
    file.endsWith(".ts"),
  );
  const texts = await Promise.all(files.map((file) => readFile(join(source, "worker", file), "utf8")));
  expect(files.filter((_, k) => /\benv(?:\?\.)?\[|\benv\.[A-Z]/.test(texts[k]))).toEqual([
    "state/bindings.ts",
  ]);
});

async function collectImports(): Promise<readonly Import[]> {
  const files = (await readdir(source, { recursive: true })).filter((file) => /\.tsx?$/.test(file));
  const found = await Promise.all(files.map(importsOf));
  return found.flat();
}

async function importsOf(file: string): Promise<readonly Import[]> {
  const text = await readFile(join(source, file), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const specifiers = code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g);
  return [...specifiers].map(([, target]) => ({ from: relative(".", file), target: target as string }));
}

function roomOf(file: string): string {
  return file.split("/", 1)[0] as string;
}
