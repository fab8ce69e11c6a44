import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAccount } from "../../src/cli/cloudflare/account.ts";
import { openTail } from "../../src/cli/cloudflare/tail.ts";
import { unwrap } from "../../src/cli/failure.ts";
import { findKey, parseKeyRecords } from "../../src/contract/api-key.ts";
import { type Pointer, parsePointer } from "../../src/contract/pointer.ts";
import { type CloudflareStandIn, startCloudflareStandIn } from "./cloudflare-stand-in.ts";
import { variantBundle } from "./variant-bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let cloudflare: CloudflareStandIn;
/** Of all keys that a deploy told: the one that the Worker knows. */
let key = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-cloudflare-"));
  cloudflare = await startCloudflareStandIn();
});
afterAll(async () => {
  await cloudflare.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  cloudflare.asked.length = 0;
  Object.assign(cloudflare.account, { lagMs: 0, lostWrites: 0 });
});

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person would; `onLine` sees what it tells, and may end it. */
function signalbox(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  onLine: (line: string, kill: () => void) => void = () => undefined,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["src/cli/main.ts", ...args], {
      cwd: root,
      env: { ...process.env, ...cloudflare.environment, ...environment },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      for (const line of String(chunk).split("\n")) onLine(line, () => child.kill("SIGKILL"));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
const run = signalbox;
const deploy: typeof signalbox = async (args, ...more) => {
  const finished = await signalbox(["deploy", "--url", cloudflare.origin, ...args], ...more);
  const told = [...finished.stderr.matchAll(/the key of this Worker, shown only now: (\S+)/g)];
  for (const [, each = ""] of told) {
    const records = unwrap(parseKeyRecords(cloudflare.account.secrets.get("API_KEYS") ?? ""));
    if ((await findKey(records, each)) !== undefined) key = each;
  }
  return finished;
};

/** Where in what was asked of Cloudflare the tables were made, and the Worker was sent. */
function order() {
  const indexOf = (pattern: RegExp) => cloudflare.asked.findIndex((line) => pattern.test(line));
  return {
    tables: cloudflare.asked.findLastIndex((line) => /^POST \/d1\/database\/[^/]+\/query$/.test(line)),
    upload: indexOf(/^(?:PUT|POST) \/workers\/scripts\/signalbox(?:\/versions)?$/),
  };
}

function askWorker(path: string, body: object, withKey = key) {
  return fetch(`${cloudflare.origin}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${withKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("a first deploy", () => {
  test("says what is missing before it begins", async () => {
    const nobody = await run(["status", "--remote"], { CLOUDFLARE_API_TOKEN: "wrong" });
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("npx wrangler login")]);
    const nothing = await run(["status", "--remote"]);
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining("isn't deployed yet")]);
  });

  // On one account, one after the other: each begins with what the one before has left.
  test("killed after the tables: they were made once the Worker, with its database, was there", async () => {
    await deploy([], {}, (line, kill) => line.includes("tables:") && kill());
    const { tables, upload } = order();
    expect([upload > 0, tables > upload]).toEqual([true, true]);
  });

  test("that the account refuses says what its code means", async () => {
    cloudflare.fail("POST", /^\/workers\/scripts\/signalbox\/versions$/, {
      status: 403,
      code: 10089,
      message: "You need to enable Analytics Engine.",
    });
    const refused = await deploy([]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("[[analytics_engine_datasets]]"),
    ]);
    expect(cloudflare.account.deployments).toHaveLength(1);
  });

  // `npm run first-deploy` kills it after every step.
  test.each(["the key of this Worker", "stored"])(
    "killed at `%s` leaves no half of a router",
    async (moment) => {
      const killed = await deploy([], {}, (line, kill) => line.includes(moment) && kill());
      expect(killed.code).toBe(null);
      expect(cloudflare.account.values.has("active")).toBe(false);
    },
  );

  test("started again after all that ends with a decision of the real Worker", async () => {
    const done = await deploy(["--json"]);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("6/6  first decision")]);
    expect(JSON.parse(done.stdout)).toMatchObject({ address: cloudflare.origin });
    const { secrets, values } = cloudflare.account;
    // One was killed after it had told a key, and before Cloudflare had it.
    expect(unwrap(parseKeyRecords(secrets.get("API_KEYS") ?? "")).size).toBe(1);
    expect(secrets.get("DECISION_SECRET")).toMatch(/^[0-9a-f]{64}$/);
    expect([...values.keys()].filter((each) => each.startsWith("encoder/"))).toHaveLength(4);
    const decided = await askWorker("/v1/route", { prompt: "What is 2 + 2?" });
    expect(decided.status).toBe(200);
  });

  test("and once more changes nothing, and makes tables before new code comes", async () => {
    const before = [...cloudflare.account.values.keys()];
    const secrets = [...cloudflare.account.secrets];
    // As if this version had a migration more than the one that runs there.
    await cloudflare.account.query("DROP TABLE signals");
    await cloudflare.account.query("ALTER TABLE feedback DROP COLUMN signal");
    await cloudflare.account.query("DELETE FROM d1_migrations WHERE name LIKE '%signals%'");
    const again = await deploy([]);
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining("API_KEYS was set before and stays"),
    ]);
    expect(order().tables).toBeGreaterThan(0);
    expect(order().tables).toBeLessThan(order().upload);
    expect([...cloudflare.account.values.keys()]).toEqual(before);
    expect([...cloudflare.account.secrets]).toEqual(secrets);
    expect(cloudflare.asked.filter((line) => /^PUT .*(values|secrets)/.test(line))).toEqual([]);
  });
});

describe("operations on the account", () => {
  const publish = (...more: readonly string[]) => run(["publish", folder, "--remote", ...more]);

  beforeAll(async () => {
    const bundle = await readFile(join(root, "models/default/bundle.safetensors"));
    const changed = variantBundle(new Uint8Array(bundle), (document) => {
      document["name"] = "another";
    });
    await writeFile(join(folder, "bundle.safetensors"), changed);
    await cp(join(root, "models/default/catalogue.json"), join(folder, "catalogue.json"));
  });

  test("a publish waits for a KV that lags, through limits and faults of the platform", async () => {
    const before = livePointer();
    cloudflare.account.lagMs = 3_000;
    cloudflare.fail(
      "PUT",
      /values\/bundle/,
      { status: 429, code: 10013, headers: { "retry-after": "0" } },
      { status: 500, code: 10001, headers: { "retry-after": "0" } },
      // Carried out, but its answer was lost on the way.
      { status: 503, code: 10001, headers: { "retry-after": "0" }, isDone: true },
    );
    const done = await publish("--canary", "10", "--json");
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("KV does not show it yet")]);
    expect(livePointer()).toMatchObject({ bundle: before.bundle, canary: { percent: 10 } });
  });

  test("a login that ends in the middle leaves the live router, and says to log in", async () => {
    const before = livePointer();
    cloudflare.fail("PUT", /values\/active/, { status: 401, code: 10000, message: "Authentication error" });
    const refused = await run(["promote", "--remote"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("npx wrangler login")]);
    expect(livePointer()).toEqual(before);
  });

  test("promote, rollback, status and gc", async () => {
    const first = livePointer();
    expect((await run(["promote", "--remote"])).code).toBe(0);
    expect(livePointer().bundle).toBe(first.canary?.bundle);
    expect((await run(["rollback", "--remote"])).code).toBe(0);
    expect(livePointer().bundle).toBe(first.bundle);
    const status = await run(["status", "--remote", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ faults: [] });
    // As if that had been long ago: gc leaves what Workers may still read.
    const settled = { ...livePointer(), changed_at: "2026-01-01T00:00:00.000Z" };
    cloudflare.account.values.set("active", storedNow(JSON.stringify(settled)));
    cloudflare.account.values.set("bundle/unknown", storedNow("x"));
    expect((await run(["gc", "--remote"])).stdout).toContain("bundle/unknown");
  });

  test("doctor --remote measures the Worker, and prints what Cloudflare tells of it as a table", async () => {
    const args = ["doctor", "--remote", "--url", cloudflare.origin];
    const told = await run(args, { SIGNALBOX_KEY: key });
    expect([told.code, told.stderr, told.stdout.match(/^fail.*$/gm)]).toEqual([0, "", null]);
    const rows = told.stdout.split("\n").filter((line) => line.startsWith("| "));
    expect(rows.slice(1)).toEqual([
      expect.stringMatching(/^\| startup .* \| \d+ ms \|$/),
      "| bits of activations in products | 8 |",
      expect.stringMatching(/from KV: .* seen \(1\) \| (\d+) ms, \1 ms \|$/),
      expect.stringMatching(/, 20 of them.* \| \d+ ms, \d+ ms \|$/),
      expect.stringMatching(/by the tail, 20 of them.* \| [1-9]\d+ ms, \d+ ms \|$/),
      // A hundred embeddings, one after the other.
      expect.stringMatching(/^\| 100 prompts .* \| \d{4,} ms, \d{4,} ms \|$/),
      expect.stringMatching(/^\| its outcome.* \| ok \|$/),
    ]);
    expect(told.stdout).not.toContain(key);
  });

  test("who may not listen to the Worker is told nothing, and waits for nothing", async () => {
    cloudflare.fail("POST", /tails$/, { status: 403, code: 10000, message: "Authentication error" });
    const { CLOUDFLARE_API_TOKEN = "", CLOUDFLARE_API_BASE_URL } = cloudflare.environment;
    const environment = { CLOUDFLARE_API_TOKEN, CLOUDFLARE_API_BASE_URL };
    const tail = await openTail(await openAccount({ accountId: undefined, environment }), "signalbox");
    expect(await tail.until(() => false, 1e9)).toEqual([]);
    await tail.close();
  });

  test("a tail that can't be ended at Cloudflare takes nothing from what was measured", async () => {
    const refused = { status: 400, code: 10001, message: "no such tail" };
    cloudflare.fail("DELETE", /tails\/t$/, refused);
    const { CLOUDFLARE_API_TOKEN = "", CLOUDFLARE_API_BASE_URL } = cloudflare.environment;
    const environment = { CLOUDFLARE_API_TOKEN, CLOUDFLARE_API_BASE_URL };
    const tail = await openTail(await openAccount({ accountId: undefined, environment }), "signalbox");
    await tail.close();
    expect(cloudflare.asked.filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

  test("a key whose record is stored in KV opens the Worker, and no longer once it is revoked", async () => {
    const isOpen = async (each: string) =>
      (await askWorker("/v1/route", { prompt: "What is 2 + 2?" }, each)).status;
    cloudflare.account.lagMs = 2_000;
    const made = await run(["key", "shop", "--remote", "--allow", "route", "--json"]);
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("KV does not show it yet")]);
    const { key: shop } = JSON.parse(made.stdout);
    await expect.poll(() => isOpen(shop)).toBe(200);
    const twice = await run(["key", "shop", "--remote"]);
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining("--revoke")]);
    const listed = await run(["key", "--list", "--remote", "--json"]);
    expect(JSON.parse(listed.stdout)).toEqual({ keys: [{ name: "shop", allows: ["route"], limits: {} }] });
    expect((await run(["key", "shop", "--revoke", "--remote"])).code).toBe(0);
    await expect.poll(() => isOpen(shop), { interval: 2_000 }).toBe(401);
    expect((await run(["key", "shop", "--revoke", "--remote"])).code).toBe(1);
    expect((await run(["key", "shop", "--revoke"])).code).toBe(2);
    expect(await isOpen(key)).toBe(200);
  });

  test("feedback on a decision of the Worker is pulled and counted from D1", async () => {
    const { id } = (await (await askWorker("/v1/route", { prompt: "What is 2 + 2?" })).json()) as {
      readonly id: string;
    };
    const left = await askWorker("/v1/feedback", { decision: id, score: 1 });
    expect(left.status, await left.text()).toBe(200);
    const out = join(folder, "feedback.jsonl");
    const pulled = await run(["feedback", "pull", "--remote", "--out", out]);
    expect(pulled.code).toBe(0);
    expect((await readFile(out, "utf8")).trim().split("\n")).toHaveLength(1);
    const report = await run(["report", "--remote", "--json"]);
    expect([report.code, report.stderr]).toEqual([0, ""]);
    await cloudflare.account.query("DROP TABLE feedback");
    const refused = await run(["feedback", "pull", "--remote", "--out", out]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("migrations apply DB --remote"),
    ]);
  });
});

function storedNow(text: string): { bytes: Buffer; before: undefined; at: number } {
  return { bytes: Buffer.from(text), before: undefined, at: 0 };
}

function livePointer(): Pointer {
  return unwrap(parsePointer(new Uint8Array(cloudflare.account.values.get("active")?.bytes ?? [])));
}
