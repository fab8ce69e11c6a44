import { createServer } from "node:net";
import { findConfiguration } from "./configuration.ts";
import { CommandFailure } from "./failure.ts";

export interface LocalWorkerOptions {
  /** wrangler.toml; found by itself where none is named. */
  readonly configPath?: string | undefined;
  /** Folder of local state; .wrangler/state beside the configuration by default. */
  readonly statePath?: string | undefined;
  /** 0 picks a free one. */
  readonly port: number;
  /** Variables and secrets beside those of the configuration and .dev.vars. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface LocalWorker {
  /** Such as http://127.0.0.1:8787. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Runs the Worker in a local workerd until it is stopped; it accepts requests when this returns. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const { configPath, statePath, port, variables } = options;
  if (!(await isFree(port))) {
    throw new CommandFailure({
      code: "port_taken",
      message: `port ${port} is taken; name another with --port`,
    });
  }
  // Miniflare asks Cloudflare for a sample of request metadata, which nothing here reads.
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
  const { unstable_startWorker: startWorker } = await import("wrangler");
  const worker = await startWorker({
    config: await findConfiguration(configPath, false),
    bindings: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, { type: "plain_text", value }]),
    ),
    dev: {
      server: { hostname: "127.0.0.1", port },
      inspector: false,
      watch: false,
      logLevel: "warn",
      ...(statePath === undefined ? {} : { persist: statePath }),
    },
  });
  await worker.ready;
  return { origin: (await worker.url).origin, stop: () => worker.dispose() };
}

// Wrangler would wait for a taken port without a word.
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
