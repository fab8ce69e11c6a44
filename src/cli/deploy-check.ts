import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { unstable_readConfig as readConfig } from "wrangler";
import { keepStdoutClean, passOnNoColor, print } from "./output.ts";
import { runWrangler, wranglerError } from "./run-wrangler.ts";

/** What Cloudflare takes as one Worker on every plan, unpacked; limits of what is packed ended in September 2026. */
const WORKER_BYTES = 64 * 1024 ** 2;
/** As one KV value or asset. */
const VALUE_BYTES = 25 * 1024 ** 2;

/** `wrong` can't be deployed or won't run; `note` is good to know. */
interface Finding {
  readonly kind: "ok" | "note" | "wrong";
  readonly text: string;
}

/** Names of what must not stand in a file that is deployed and often committed; providers' keys end so. */
const SECRET = /^(?:API_KEYS(?:_\d+)?|DECISION_SECRET)$|_(?:KEY|TOKEN)$/;

type Config = ReturnType<typeof readConfig>;
type Bound = { readonly binding: string };

/** Everything about a deployment that can be told without Cloudflare. */
async function checkDeployment(configPath: string, modelsFolder: string): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = readConfig({ config: configPath });
  } catch (error) {
    return [{ kind: "wrong", text: `${configPath}: ${(error as Error).message}` }];
  }
  return [
    ...checkBindings(config),
    ...(await checkBuild(configPath, config)),
    ...(await checkMigrations(config, dirname(resolve(configPath)))),
    ...(await checkSizes(modelsFolder)),
  ];
}

function checkBindings(config: Config): readonly Finding[] {
  const findings: Finding[] = [];
  const kv = config.kv_namespaces.find(({ binding }: Bound) => binding === "SIGNALBOX");
  if (kv === undefined) findings.push({ kind: "wrong", text: "no KV namespace is bound as SIGNALBOX" });
  else findings.push(identity("KV namespace", kv.id));
  const database = config.d1_databases.find(({ binding }: Bound) => binding === "DB");
  if (database === undefined)
    findings.push({ kind: "note", text: "no D1 database is bound as DB: no feedback" });
  else findings.push(identity("D1 database", database.database_id));
  const analytics = config.analytics_engine_datasets.find(({ binding }: Bound) => binding === "ANALYTICS");
  findings.push(
    analytics === undefined
      ? {
          kind: "note",
          text: "no Analytics Engine dataset is bound as ANALYTICS: decisions are not recorded",
        }
      : { kind: "ok", text: `Analytics Engine dataset ${analytics.dataset}` },
  );
  if (config.vars["AUTH"] === "open")
    findings.push({ kind: "wrong", text: "AUTH is `open`: everyone could spend your providers' money" });
  for (const name of Object.keys(config.vars).filter((name) => SECRET.test(name))) {
    findings.push({ kind: "wrong", text: `${name} is a secret; use \`npx wrangler secret put ${name}\`` });
  }
  const origins = String(config.vars["CORS_ORIGINS"] ?? "").split(/[\s,]+/);
  if (origins.includes("*")) {
    findings.push({
      kind: "note",
      text: "CORS_ORIGINS is `*`: every web page may call the Worker with a key that it has",
    });
  }
  return findings;
}

function identity(name: string, id: string | undefined): Finding {
  return id === undefined
    ? {
        kind: "note",
        text: `${name}: the first deploy makes it, and the Worker keeps it`,
      }
    : { kind: "ok", text: `${name} ${id}` };
}

async function checkBuild(configPath: string, config: Config): Promise<readonly Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-deploy-"));
  try {
    const file = resolve(configPath);
    const args = ["deploy", "--dry-run", "--minify", "--config", file, "--outdir", folder];
    const { code, stderr } = await runWrangler(args, dirname(file));
    if (code !== 0) {
      return [{ kind: "wrong", text: `wrangler deploy --dry-run failed: ${wranglerError(stderr)}` }];
    }
    const files = (await readdir(folder)).filter((name) => !/\.map$|^README/.test(name));
    const contents = await Promise.all(files.map((name) => readFile(join(folder, name))));
    const bytes = sum(contents.map((content) => content.length));
    const packed = sum(contents.map((content) => gzipSync(content).length));
    const text = `the Worker has ${mebibytes(bytes)} of 64 MiB (${mebibytes(packed)} gzipped)`;
    return [{ kind: bytes > WORKER_BYTES ? "wrong" : "ok", text }, ...checkCpu(config)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkMigrations(config: Config, folder: string): Promise<readonly Finding[]> {
  const database = config.d1_databases.find(({ binding }: Bound) => binding === "DB");
  if (database === undefined) return [];
  const path = join(folder, database.migrations_dir ?? "migrations");
  const files = await readdir(path).catch(() => []);
  const count = files.filter((name) => name.endsWith(".sql")).length;
  return count > 0
    ? [{ kind: "ok", text: `${count} D1 ${count === 1 ? "migration" : "migrations"}` }]
    : [{ kind: "wrong", text: `${path} holds no migrations` }];
}

async function checkSizes(folder: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of [
    "default/bundle.safetensors",
    "default/catalogue.json",
    "encoder/graph.onnx",
    "encoder/weights.bin",
    "encoder/tokenizer.json",
  ]) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined) findings.push({ kind: "note", text: `${join(folder, name)} isn't there` });
    else if (found.size > VALUE_BYTES)
      findings.push({
        kind: "wrong",
        text: `${name} has ${mebibytes(found.size)} MiB; a KV value holds 25 MiB`,
      });
    else findings.push({ kind: "ok", text: `${name}: ${mebibytes(found.size)} of 25 MiB` });
  }
  return findings;
}

/** The Free plan ends a request after 10 ms of CPU; what docs/performance.md measures is above that but for words alone. */
function checkCpu({ vars }: Config): readonly Finding[] {
  const backend = String(vars["ENCODER_BACKEND"] ?? "onnx");
  if (backend === "lexical") {
    return [
      {
        kind: "note",
        text: "CPU: lexical fits the Free plan's 10 ms but for the first request of an isolate",
      },
    ];
  }
  return [
    { kind: "note", text: `CPU: ${backend} needs the Paid plan, since Free ends a request after 10 ms` },
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(2);
}

const { values } = parseArgs({
  options: {
    config: { type: "string", default: "wrangler.toml" },
    models: { type: "string", default: "models" },
    json: { type: "boolean", default: false },
  },
});
keepStdoutClean();
passOnNoColor(process.env);
const findings = await checkDeployment(values.config, values.models);
const open = findings.filter(({ kind }) => kind === "wrong");
if (values.json) print(JSON.stringify({ ok: open.length === 0, findings }, null, 2));
else {
  for (const { kind, text } of findings) print(`${kind.padEnd(5)}  ${text}`);
  print(open.length > 0 ? "Not ready to be deployed." : "Ready to be deployed.");
}
if (open.length > 0) process.exitCode = 1;
