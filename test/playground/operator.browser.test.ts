import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import axe from "axe-core";
import { afterAll, describe, expect, test } from "vitest";
import { startLocalWorker } from "../../src/cli/local-worker.ts";
import { runWrangler } from "../../src/cli/run-wrangler.ts";
import { variantBundle } from "../operations/variant-bundle.ts";
import { copyPublishedState } from "../prepared.ts";
import { hasBrowser } from "./browser.ts";
import { visitWorker } from "./visit-worker.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const configPath = join(root, "wrangler.toml");

describe.skipIf(!hasBrowser)("the operator view of a Worker with D1, a canary and a shadow", () => {
  let folder: string;
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const visit = visitWorker(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalbox-operator-"));
    await copyPublishedState(state(), true);
    await publish(await variantFolder("canary"), "--canary", "10");
    await publish(await variantFolder("shadow"), "--shadow");
    return startLocalWorker({
      configPath,
      statePath: state(),
      port: 0,
      variables: { AUTH: "open", DECISION_LOG: "d1" },
    });
  });

  test("before the first decision there is no traffic", async () => {
    const page = await visit.open({ view: "operator" });
    await page.getByText("No decision in the last 7 days.").waitFor();
  });

  test("canary and shadow are shown as they were published", async () => {
    const page = await visit.open({ view: "operator" });
    const health = await (await fetch(`${visit.origin}/health`)).json();
    const canary = page.getByRole("region", { name: "Canary" });
    await canary.getByText(health.canary.checksum.slice(0, 12)).waitFor();
    await canary.getByText("10% of the conversations").waitFor();
    const shadow = page.getByRole("region", { name: "Shadow" });
    await shadow.getByText(health.shadow.checksum.slice(0, 12)).waitFor();
    expect(new Set([health.bundle.checksum, health.canary.checksum, health.shadow.checksum]).size).toBe(3);
  });

  test("decisions are counted by model, and refreshed", async () => {
    const page = await visit.open({ view: "operator" });
    await page.locator(".catalogue").waitFor();
    for (const [model, times] of [
      ["gpt-4o-mini", 3],
      ["gpt-5.4", 1],
    ] as const) {
      for (let i = 0; i < times; i++) await decide(model, `What is ${i} plus 17?`);
    }
    const rows = page.locator(".traffic tbody tr");
    await expect
      .poll(async () => {
        await page.getByRole("button", { name: "Refresh" }).click();
        await page.waitForTimeout(300);
        return rows.evaluateAll((all) =>
          all.map((row) => [...row.children].slice(0, 3).map((cell) => cell.textContent)),
        );
      })
      .toEqual([
        ["gpt-4o-mini", "3", "75%"],
        ["gpt-5.4", "1", "25%"],
      ]);
    await page.getByText("4 decisions in the last 7 days.").waitFor();
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    expect(found.violations.map(({ id }) => id)).toEqual([]);
  });

  test("a database without tables is a fault that is told, beside the rest", async () => {
    const page = await visit.open({
      view: "operator",
      prepare: () =>
        runWrangler([
          ...["d1", "execute", "DB", ...local()],
          ...["--command", "ALTER TABLE decisions RENAME TO elsewhere"],
        ]),
    });
    await page.getByText("could not be read").first().waitFor();
    await page.locator(".catalogue").waitFor();
  });

  const state = () => join(folder, "state");
  const local = () => ["--local", "--config", configPath, "--persist-to", state()];

  async function publish(router: string, ...options: readonly string[]): Promise<void> {
    const target = ["--config", configPath, "--state", state()];
    const args = [join(root, "src/cli/main.ts"), "publish", router, ...target, ...options];
    await promisify(execFile)(process.execPath, args);
  }

  async function variantFolder(name: string): Promise<string> {
    const to = join(folder, name);
    await cp(join(root, "models/default"), to, { recursive: true });
    const file = join(to, "bundle.safetensors");
    const made = variantBundle(new Uint8Array(await readFile(file)), (document) => {
      document["trial"] = name;
    });
    await writeFile(file, made);
    return to;
  }

  async function decide(model: string, prompt: string): Promise<void> {
    const response = await fetch(`${visit.origin}/v1/route`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt, models: [model] }),
    });
    expect(response.status).toBe(200);
  }
});
