import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import { findConfiguration, startCommand, stateFolder } from "./configuration.ts";
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
  /** Takes what the Worker logs; without it, that is seen only where Wrangler prints it. */
  readonly onLog?: (message: string) => void;
}

export interface LocalWorker {
  /** Such as http://127.0.0.1:8787. */
  readonly origin: string;
  /** Runs what a Cron Trigger would, which nothing does by itself on this machine. */
  scheduled(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs the Worker in a local workerd until it is stopped; it accepts requests when this returns. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const { configPath, statePath, port, variables, onLog } = options;
  await needFreePort(port);
  // Miniflare asks Cloudflare for a sample of request metadata, which nothing here reads.
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
  // stdout is for what the command says; `logLevel` below reaches only a part of Wrangler.
  process.env["WRANGLER_LOG"] ??= "warn";
  const { unstable_startWorker: startWorker } = await import("wrangler");
  const config = await findConfiguration(configPath, false);
  const worker = await startWorker({
    config,
    // Its build command; left to itself it runs in the working folder.
    build: { custom: { workingDirectory: dirname(resolve(config)) } },
    bindings: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, { type: "plain_text", value }]),
    ),
    dev: {
      server: { hostname: "127.0.0.1", port },
      inspector: false,
      watch: false,
      logLevel: "warn",
      persist: stateFolder(config, statePath),
      ...(onLog === undefined
        ? {}
        : { structuredLogsHandler: ({ message }: { readonly message: string }) => onLog(message) }),
    },
  }).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause : error;
    throw new CommandFailure({
      code: "not_started",
      message: `the Worker could not be started from ${config}: ${cause.message}`,
    });
  });
  await worker.ready;
  const { origin } = await worker.url;
  return {
    origin,
    async scheduled() {
      // Miniflare's address for it.
      const response = await fetch(`${origin}/cdn-cgi/local/scheduled`);
      const outcome = await response.text();
      if (outcome !== "ok") {
        throw new CommandFailure({
          code: "not_scheduled",
          message: `the scheduled run ended with ${response.status} ${outcome}`,
        });
      }
    },
    stop: () => worker.dispose(),
  };
}

/** Ends the command where another program listens there already. */
export async function needFreePort(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new CommandFailure({
    code: "port_taken",
    message: `port ${port} is taken by another program; take the next one: \`${startCommand(`--port ${port + 1}`)}\``,
  });
}

/** Whether a Worker could listen there: Wrangler would wait for a taken port without a word. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
