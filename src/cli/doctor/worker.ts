import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectSignalbox, SignalboxError } from "../../client/index.ts";
import type { Health } from "../../contract/health.ts";
import { findConfiguration, startCommand } from "../configuration.ts";
import { withKeyValue } from "../kv/target-options.ts";
import { readLivePointer } from "../kv/upload.ts";
import { isFree, startLocalWorker } from "../local-worker.ts";
import { describeProviderKeys, readLocalSecrets } from "../provider-keys.ts";
import { seed } from "../seed.ts";
import { attemptAll, type Check, failed, PROMPT, pass, skipped } from "./check.ts";

interface LocalOptions {
  readonly config?: string;
  readonly state?: string;
  readonly port: number;
}

/** The port that `start` would take. */
export async function checkPort(port: number): Promise<Check> {
  if (port === 0 || (await isFree(port))) return pass("port", `${port} on 127.0.0.1 is free`);
  const health = await connectSignalbox({
    baseUrl: `http://127.0.0.1:${port}`,
    maxRetries: 0,
    timeoutMs: 2000,
  })
    .health()
    .catch(() => undefined);
  if (health?.status !== undefined) return pass("port", `a Signalbox answers on ${port} already`);
  return failed(
    "port",
    `${port} is taken by something else`,
    `take another: \`${startCommand(`--port ${port + 1}`)}\``,
  );
}

/** A real Worker on this machine, with what is live here, or with the bundled router where nothing is. */
export async function checkLocalWorker(options: LocalOptions): Promise<readonly Check[]> {
  const next = "look at what `signalbox start` says; its last lines tell what failed";
  return attemptAll("Worker", next, async () => {
    const temporary = await mkdtemp(join(tmpdir(), "signalbox-doctor-"));
    try {
      const isLive = (await withKeyValue(options, readLivePointer)) !== undefined;
      const state = isLive ? options.state : temporary;
      const configPath = await findConfiguration(options.config, false);
      const secrets = await withKeyValue({ ...options, ...(state && { state }) }, async (kv) => {
        if (!isLive) await seed(kv, { isLexical: false, onProgress: () => undefined });
        return readLocalSecrets(kv, configPath, process.env);
      });
      const worker = await startLocalWorker({
        configPath: options.config,
        statePath: state,
        port: 0,
        variables: { ...secrets.values, AUTH: "open" },
      });
      try {
        return [
          await checkDecision(worker.origin, undefined, isLive ? undefined : "the bundled router"),
          await checkKeys(worker.origin, undefined, describeProviderKeys(secrets)),
        ];
      } finally {
        await worker.stop();
      }
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

/** A Worker that runs somewhere. */
export async function checkUrl(url: string, apiKey: string | undefined): Promise<readonly Check[]> {
  const next = "look at the address, and at `npx wrangler tail`";
  return attemptAll("Worker", next, async () => {
    const decision = await checkDecision(url, apiKey, undefined);
    return decision.status === "pass" ? [decision, await checkKeys(url, apiKey)] : [decision];
  });
}

function clientOf(url: string, apiKey: string | undefined) {
  return connectSignalbox({ baseUrl: url, ...(apiKey === undefined ? {} : { apiKey }), timeoutMs: 30_000 });
}

async function checkDecision(
  url: string,
  apiKey: string | undefined,
  router = "what is live",
): Promise<Check> {
  const client = clientOf(url, apiKey);
  try {
    // The first decision loads the encoder; what a caller waits for is the second.
    await client.route({ prompt: PROMPT });
    const start = performance.now();
    const { model, p_correct } = await client.route({ prompt: `${PROMPT} Explain.` });
    const ms = (performance.now() - start).toFixed(0);
    const { status, faults } = await client.health();
    if (status !== "ok")
      return failed("Worker", `${status}: ${describe(faults)}`, "`signalbox status` tells what KV holds");
    return pass("Worker", `${url} with ${router}: ${model}, ${p_correct.toFixed(3)}, in ${ms} ms`);
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return failed("Worker", `${url}: ${error.code}: ${error.message}`, nextSteps[error.code] ?? OTHERWISE);
  }
}

/** Which models chat can reach there. */
async function checkKeys(
  url: string,
  apiKey: string | undefined,
  told: readonly string[] = [],
): Promise<Check> {
  const models = (await clientOf(url, apiKey).models()).filter(({ id }) => id !== "auto");
  const reached = models.filter(({ has_key }) => has_key);
  const providers = [...new Set(reached.map(({ owned_by }) => owned_by))].sort();
  const next =
    told.length > 1 ? told.slice(1).join(" ") : "docs/deploy.md: a provider's key is a secret of the Worker";
  if (reached.length === 0) {
    return skipped("keys", "no provider has one: chat answers provider_not_configured", next);
  }
  return pass("keys", `chat reaches ${reached.length} of ${models.length} models: ${providers.join(", ")}`);
}

const OTHERWISE = "docs/api.md lists what each code means; `signalbox status` tells what KV holds";
const nextSteps: Readonly<Record<string, string>> = {
  missing_key: "put a key of it into the variable SIGNALBOX_KEY",
  invalid_key: "put another key into SIGNALBOX_KEY; `signalbox key <name>` makes one",
  network_error: "look at the address, and whether the Worker is deployed and runs",
  timeout: "look at the address, and whether the Worker is deployed and runs",
  pointer_missing: "`signalbox publish <dir>` makes a bundle live",
};

function describe(faults: Health["faults"]): string {
  return faults.map(({ code, message }) => `${code}: ${message}`).join("; ");
}

export const noWorker = skipped("Worker", "with --remote, name the Worker's address with --url");
