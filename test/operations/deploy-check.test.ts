import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
// Beside wrangler.toml, because its paths are relative.
const changed = join(root, `wrangler.test-${process.pid}.toml`);
afterAll(() => rm(changed, { force: true }));

interface Checked {
  readonly code: number;
  readonly ok: boolean;
  readonly findings: readonly { readonly kind: string; readonly text: string }[];
}

function check(cwd: string, ...args: readonly string[]): Promise<Checked> {
  return new Promise((resolve, reject) => {
    const full = [join(root, "src/cli/deploy-check.ts"), "--json", ...args];
    execFile(process.execPath, full, { cwd }, (error, stdout, stderr) => {
      try {
        resolve({ code: error === null ? 0 : Number(error.code), ...JSON.parse(stdout) });
      } catch {
        reject(new Error(`no JSON: ${stdout}${stderr}`));
      }
    });
  });
}

async function checkChanged(change: (toml: string) => string, ...args: readonly string[]): Promise<Checked> {
  await writeFile(changed, change(await readFile(join(root, "wrangler.toml"), "utf8")));
  // From another folder, because a path is one from where the command is run.
  return check(join(root, "docs"), "--config", `../${basename(changed)}`, ...args);
}

test("wrangler.toml as it is builds and is ready; what is made by the first deploy is told", async () => {
  const { code, ok, findings } = await check(root);
  expect([code, ok]).toEqual([0, true]);
  expect(findings).toContainEqual({
    kind: "note",
    text: expect.stringMatching(/^KV namespace: the first .*deploy/),
  });
  expect(findings).toContainEqual({
    kind: "note",
    text: expect.stringMatching(/^D1 database: the first .*deploy/),
  });
  expect(findings).toContainEqual({ kind: "ok", text: expect.stringMatching(/of 64 MiB \(\S+ gzipped\)$/) });
  expect(findings).toContainEqual({ kind: "note", text: expect.stringMatching(/onnx needs the Paid plan/) });
});

test("ids are told; words alone fit the Free plan", async () => {
  const { code, ok, findings } = await checkChanged((toml) =>
    toml
      .replace('binding = "SIGNALBOX"', 'binding = "SIGNALBOX"\nid = "0f2ac74b498b48028cb68387c421e279"')
      .replace('binding = "DB"', 'binding = "DB"\ndatabase_id = "5a4b1c2e-7f00-4b61-9d0e-2f6f3a1f0c11"')
      .replace("src/worker/index.ts", "src/worker/light.ts")
      .replace('"onnx"', '"lexical"'),
  );
  expect([code, ok]).toEqual([0, true]);
  expect(findings).toContainEqual({ kind: "ok", text: "KV namespace 0f2ac74b498b48028cb68387c421e279" });
  expect(findings).toContainEqual({ kind: "ok", text: expect.stringMatching(/^D1 database 5a4b1c2e/) });
  expect(findings).toContainEqual({
    kind: "ok",
    text: expect.stringMatching(/^the Worker has \d\.\d\d of 64 MiB/),
  });
});

test("mistakes are named", async () => {
  const { code, findings } = await checkChanged((toml) =>
    toml
      .replace('binding = "SIGNALBOX"', 'binding = "SIGNAL"')
      .replace(
        "[vars]",
        '[vars]\nAUTH = "open"\nAPI_KEYS = "a:b:c"\nOPENAI_API_KEY = "x"\nCORS_ORIGINS = "*"',
      )
      .replace("src/worker/index.ts", "src/worker/nowhere.ts"),
  );
  expect(code).toBe(1);
  expect(findings.filter(({ kind }) => kind === "wrong").map(({ text }) => text)).toEqual([
    "no KV namespace is bound as SIGNALBOX",
    expect.stringMatching(/^AUTH is `open`/),
    expect.stringMatching(/^API_KEYS is a secret/),
    expect.stringMatching(/^OPENAI_API_KEY is a secret/),
    expect.stringMatching(/^wrangler deploy --dry-run failed: .*nowhere/),
  ]);
  expect(findings).toContainEqual({ kind: "note", text: expect.stringMatching(/^CORS_ORIGINS is `\*`/) });
});

test("the limits are those that Wrangler knows", async () => {
  const wrangler = createRequire(import.meta.url).resolve("wrangler");
  const source = await readFile(wrangler, "utf8");
  expect(source).toContain("MAX_UNCOMPRESSED_SIZE_BYTES = 64 * ONE_KIB_BYTES * ONE_KIB_BYTES");
  expect(source).toContain("MAX_ASSET_SIZE = 25 * 1024 * 1024");
});

test("a Deploy to Cloudflare button finds what it demands", async () => {
  const own = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const toml = await readFile(join(root, "wrangler.toml"), "utf8");
  const bound = [...toml.matchAll(/^binding = "(\w+)"|^name = "([A-Z_]+)"/gm)].map(
    (match) => match[1] ?? match[2],
  );
  const variables = [...(/^\[vars\]\n((?:\w+ = .*\n)*)/m.exec(toml)?.[1] ?? "").matchAll(/^(\w+) =/gm)];
  expect(Object.keys(own.cloudflare.bindings).sort()).toEqual(
    [...bound, ...variables.map(([, name]) => name)].sort(),
  );
  expect(own.scripts.deploy).toContain("deploy");
  // It asks for every line that is no comment, and deploys the answer as a secret.
  const example = await readFile(join(root, ".dev.vars.example"), "utf8");
  expect(example.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
});
