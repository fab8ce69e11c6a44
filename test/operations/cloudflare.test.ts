import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { parseKeyRecords } from "../../src/contract/api-key.ts";
import { type Pointer, parsePointer } from "../../src/contract/pointer.ts";
import { type CloudflareStandIn, startCloudflareStandIn } from "./cloudflare-stand-in.ts";
import { variantBundle } from "./variant-bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let cloudflare: CloudflareStandIn;
/** Stands where the deployed Worker would answer. */
let address: Server;
let origin: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-cloudflare-"));
  address = createServer((request, response) => {
    const isOpen = request.url === "/health" || request.headers.authorization?.startsWith("Bearer sb_first_");
    response.writeHead(isOpen ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: "ok", model: "some-model" }));
  });
  await new Promise<void>((resolve) => address.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(address.address() as AddressInfo).port}`;
  cloudflare = await startCloudflareStandIn();
});
afterAll(async () => {
  await cloudflare.stop();
  address.closeAllConnections();
  address.close();
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
const deploy = ["deploy", "--url", "ORIGIN"];
const run = (...args: Parameters<typeof signalbox>) =>
  signalbox(
    args[0].map((word) => (word === "ORIGIN" ? origin : word)),
    args[1],
    args[2],
  );

describe("a first deploy", () => {
  test("says what is missing before it begins", async () => {
    const nobody = await run(["status", "--remote"], { CLOUDFLARE_API_TOKEN: "wrong" });
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("npx wrangler login")]);
    const nothing = await run(["status", "--remote"]);
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining("isn't deployed yet")]);
  });

  test("that the account refuses says what its code means", async () => {
    cloudflare.fail("PUT", /^\/workers\/scripts\/signalbox$/, {
      status: 403,
      code: 10089,
      message: "You need to enable Analytics Engine.",
    });
    const refused = await run(deploy);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("[[analytics_engine_datasets]]"),
    ]);
    expect(cloudflare.account.deployments).toEqual([]);
  });

  // On one account, one after the other: each begins with what the one before has left.
  test.each(["the key of this Worker", "stored"])(
    "killed at `%s` leaves no half of a router",
    async (moment) => {
      await run(deploy, {}, (line, kill) => line.includes(moment) && kill());
      expect(cloudflare.account.values.has("active")).toBe(false);
    },
  );

  test("started again after all that ends with a decision", async () => {
    const done = await run([...deploy, "--json"]);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("6/6  first decision")]);
    const { key } = JSON.parse(done.stdout);
    const { secrets, values } = cloudflare.account;
    // One was killed after it had told a key, and before Cloudflare had it.
    expect(unwrap(parseKeyRecords(secrets.get("API_KEYS") ?? "")).size).toBe(1);
    expect(done.stderr).toContain(key ?? "API_KEYS was set before");
    expect(secrets.get("DECISION_SECRET")).toMatch(/^[0-9a-f]{64}$/);
    expect([...values.keys()].filter((each) => each.startsWith("encoder/"))).toHaveLength(4);
    expect(livePointer()).toMatchObject({ source: "models/default" });
  });

  test("and once more changes nothing", async () => {
    const before = [...cloudflare.account.values.keys()];
    const secrets = [...cloudflare.account.secrets];
    const again = await run(deploy);
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining("API_KEYS was set before and stays"),
    ]);
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

  test("feedback is pulled and counted from D1", async () => {
    const { database } = cloudflare.account;
    const columns = database.prepare("SELECT name FROM pragma_table_info('feedback')").all();
    expect(columns.map(({ name }) => name)).toContain("key_name");
    const report = await run(["report", "--remote", "--json"]);
    expect([report.code, report.stderr]).toEqual([0, ""]);
    database.exec("DROP TABLE feedback");
    const pulled = await run(["feedback", "pull", "--remote", "--out", join(folder, "feedback.jsonl")]);
    expect([pulled.code, pulled.stderr]).toEqual([
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
