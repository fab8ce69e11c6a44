import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import type { BuiltWorker } from "../bench/build-worker.ts";
import { modulesOf, platform, startWorkerd, type Workerd } from "../bench/live-worker.ts";
import { type BackendName, readContents } from "../bench/subjects.ts";
import { withWasmCount } from "../bench/wrap-worker.ts";
import { migrate } from "../faults/migrate.ts";
import { rotateModels } from "../faults/other-bundle.ts";
import { catalogueAt } from "../faults/provider-catalogue.ts";
import { builtWorker } from "../prepared.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Something that can be published: a folder with a bundle and its catalogue. */
export interface Router {
  readonly folder: string;
  readonly sha256: string;
  readonly bundle: Uint8Array;
}

export interface SoakWorker {
  readonly workerd: Workerd;
  /** Three that decide differently. */
  readonly routers: readonly [Router, Router, Router];
  readonly catalogue: Uint8Array;
  /** Lines that the Worker logged. */
  readonly logs: string[];
  /** Runs `signalbox <args>` on the local state, as an operator would. */
  signalbox(...args: readonly string[]): Promise<void>;
  /** Where the encoder is published from. */
  readonly encoder: string;
  stop(): Promise<void>;
}

// A namespace without an id has its binding's name in local state; the folder is where Wrangler keeps local state.
const NAMESPACE = "SIGNALBOX";
const PLACES_MOVED = [0, 7, 19];

const builds = new Map<string, Promise<BuiltWorker>>();

/** The Worker of that backend with its real KV and D1, filled by the real command line; all models at one provider. */
export async function startSoakWorker(
  backend: BackendName,
  providerUrl: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<SoakWorker> {
  const state = await mkdtemp(join(tmpdir(), "signalbox-soak-"));
  const entry = backend === "onnx" ? "src/worker/index.ts" : "src/worker/light.ts";
  const build = builds.get(entry) ?? builtWorker(entry).then(withWasmCount);
  builds.set(entry, build);
  const contents = await readContents(root, backend);
  const valueUnder = (prefix: string) =>
    [...contents].find(([key]) => key.startsWith(prefix))?.[1] as Uint8Array;
  const catalogue = catalogueAt(valueUnder(kvKeys.catalogue("")), providerUrl);
  const routers = await Promise.all(
    PLACES_MOVED.map(async (places, k) => {
      const folder = join(state, `router-${k}`);
      const bundle = rotateModels(valueUnder(kvKeys.bundle("")), places);
      await mkdir(folder);
      await writeFile(join(folder, "bundle.safetensors"), bundle);
      await writeFile(join(folder, "catalogue.json"), catalogue);
      return { folder, bundle, sha256: await checksumOf(bundle) };
    }),
  );
  const signalbox = async (...args: readonly string[]) => {
    const command = [join(root, "src/cli/main.ts"), ...args, "--local", "--state", state];
    await promisify(execFile)(process.execPath, command, { cwd: root });
  };
  const encoder = backend === "lexical" ? "lexical" : join(root, "models/encoder");
  const { host } = new URL(providerUrl);
  await signalbox("publish", (routers[0] as Router).folder, "--encoder", encoder, "--accept-providers", host);
  const logs: string[] = [];
  const workerd = await startWorkerd({
    name: "signalbox",
    ...modulesOf(await build),
    ...platform,
    kvNamespaces: { SIGNALBOX: NAMESPACE },
    d1Databases: { DB: "signalbox" },
    analyticsEngineDatasets: { ANALYTICS: { dataset: "signalbox_decisions" } },
    bindings: {
      AUTH: "open",
      ENCODER_BACKEND: backend,
      POINTER_REFRESH_MS: "500",
      DECISION_SECRET: "soak-tests-need-a-secret-as-long-as-this",
      PROVIDER_KEY: "provider-key",
      ...variables,
    },
    resourcePersistencePath: join(state, "v3"),
    handleStructuredLogs: ({ message }) => void logs.push(message),
  });
  await migrate(workerd, "signalbox");
  return {
    workerd,
    routers: routers as unknown as SoakWorker["routers"],
    catalogue,
    logs,
    signalbox,
    encoder,
    async stop() {
      await workerd.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
}

export async function readMachine(): Promise<string> {
  const info = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const name = /^model name\s*:\s*(.+)$/m.exec(info)?.[1] ?? "unknown CPU";
  return `${info.match(/^processor/gm)?.length ?? "?"} x ${name}, Node ${process.version}`;
}
