import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasBrowser } from "./browser.ts";
import { decided } from "./open-page.ts";
import { visitWorker } from "./visit-worker.ts";

const DECISION = "**/v1/route";

describe.skipIf(!hasBrowser)("the playground", () => {
  const visit = visitWorker();

  describe("when something is wrong", () => {
    test("a rate limit counts down and tries again by itself", async () => {
      let refused = 0;
      const page = await visit.open({
        prepare: (page) =>
          page.route(DECISION, async (route) => {
            if (refused++ > 0) return await route.continue();
            const error = {
              message: "too many requests",
              type: "rate_limit_error",
              code: "rate_limited",
              param: null,
            };
            await route.fulfill({ status: 429, headers: { "retry-after": "2" }, json: { error } });
          }),
      });
      await page.getByText(/^Trying again in [12] s/).waitFor();
      await decided(page);
      expect(refused).toBe(2);
    });

    test("a lost connection is told, and the decision comes once it is back", async () => {
      const page = await visit.open();
      await decided(page);
      await page.context().setOffline(true);
      await page.getByRole("button", { name: "Proof" }).click();
      await page.getByRole("alert").getByText("No connection").waitFor();
      await page.context().setOffline(false);
      await decided(page);
      expect(await page.getByRole("alert").count()).toBe(0);
    });

    test("the state in the header is true: lost with the Worker, and back with it, by itself", async () => {
      const page = await visit.open();
      await decided(page);
      const state = () => page.locator(".header .state").textContent();
      await expect.poll(state).toContain("ok");
      // As where the Worker is stopped: the browser still counts as connected.
      const everything = /\/(v1\/|health)/;
      await page.route(everything, (route) => route.abort("connectionrefused"));
      await page.getByRole("button", { name: "Proof" }).click();
      await page.getByRole("alert").getByText("No connection").waitFor();
      await expect.poll(state).toContain("no connection");
      await page.unroute(everything);
      await expect.poll(state).toContain("ok");
      await decided(page);
      expect(await page.getByRole("alert").count()).toBe(0);
    });

    test("a slow cold start is explained while it lasts", async () => {
      const page = await visit.open({
        prepare: (page) =>
          page.route(DECISION, async (route) => {
            await new Promise((resolve) => setTimeout(resolve, 2000));
            await route.continue();
          }),
      });
      await page.getByText(/^Still waiting/).waitFor();
      await decided(page);
      expect(await page.getByText(/^Still waiting/).count()).toBe(0);
    });

    test("an answer that is no JSON, and a Worker without a bundle", async () => {
      const page = await visit.open({
        prepare: (page) =>
          page.route(DECISION, (route) => route.fulfill({ status: 502, body: "<html>bad gateway" })),
      });
      await page.getByRole("alert").getByText("bad_response").waitFor();
      await page.unroute(DECISION);
      const error = {
        message: "KV has no pointer",
        type: "server_error",
        code: "pointer_missing",
        param: null,
      };
      await page.route(DECISION, (route) => route.fulfill({ status: 503, json: { error } }));
      await page.getByRole("button", { name: "Try again now" }).click();
      await page.getByRole("alert").getByText("pointer_missing").waitFor();
    });
  });

  test("the operator view shows what is live, and filters the catalogue", async () => {
    const page = await visit.open({ view: "operator" });
    const health = await (await fetch(`${visit.origin}/health`)).json();
    const bundle = page.getByRole("region", { name: "Bundle" });
    expect(await bundle.textContent()).toContain(health.bundle.checksum.slice(0, 12));
    await page.getByRole("searchbox").fill("claude");
    const names = await page.locator(".catalogue tbody th").allInnerTexts();
    expect(names.length).toBeGreaterThan(1);
    expect(names.every((name) => name.startsWith("claude"))).toBe(true);
  });

  test("the operator view names every fault", async () => {
    const health = await (await fetch(`${visit.origin}/health`)).json();
    const faults = [
      { code: "bundle_corrupt", message: "differs from its checksum", since: "2025-01-02T03:04:05Z" },
    ];
    const page = await visit.open({
      view: "operator",
      prepare: (page) =>
        page.route("**/health", (route) =>
          route.fulfill({ status: 200, json: { ...health, status: "degraded", faults } }),
        ),
    });
    await page.getByRole("heading", { name: "Serving, with a fault" }).waitFor();
    await page.getByText("bundle_corrupt").waitFor();
  });

  test("the operator view tells why a Worker serves nothing", async () => {
    const { embedding_cache } = await (await fetch(`${visit.origin}/health`)).json();
    const unavailable = {
      status: "unavailable",
      faults: [{ code: "bundle_missing", message: "KV lacks it", since: "2025-01-02T03:04:05Z" }],
      ...{ encoder: null, bundle: null, canary: null, shadow: null, catalogue: null },
      ...{ published_at: null, checked_at: null, embedding_cache },
    };
    const error = { message: "AUTH is wrong", type: "server_error", code: "misconfigured", param: "AUTH" };
    let body: object = unavailable;
    const page = await visit.open({
      view: "operator",
      prepare: (page) => page.route("**/health", (route) => route.fulfill({ status: 503, json: body })),
    });
    await page.getByRole("heading", { name: "Not serving" }).waitFor();
    await page.getByText("bundle_missing").waitFor();
    body = { error };
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("alert").getByText("misconfigured").waitFor();
  });

  test("the operator view says where no traffic is recorded", async () => {
    const page = await visit.open({ view: "operator" });
    await page.locator(".traffic").getByText("DECISION_LOG").waitFor();
  });

  test("the task view recommends a model, and labels change it", async () => {
    const page = await visit.open({ view: "task" });
    await page.getByRole("button", { name: "Example task" }).click();
    const before = await decided(page, "Recommendation");
    const cells = page.getByRole("button", { name: new RegExp(`^${before} on prompt`) });
    for (const cell of await cells.all()) {
      await cell.click();
      await cell.click();
    }
    await page.locator(".decision-reason").getByText("8 labels").waitFor();
    await expect.poll(() => decided(page, "Recommendation")).not.toBe(before);
  });

  test("a file of prompts can be opened", async () => {
    const page = await visit.open({ view: "task" });
    const line = JSON.stringify({ prompt: "What is 3 + 4?", outcomes: { "gpt-4o-mini": 1 } });
    const file = {
      name: "task.jsonl",
      mimeType: "application/json",
      buffer: Buffer.from(`${line}\n${line}\n`),
    };
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByText("2 prompts.", { exact: true }).waitFor();
    await page.locator(".decision-reason").getByText("2 labels").waitFor();
  });

  test("lines that are no prompts are told; labels and prompts stay over a reload", async () => {
    const page = await visit.open({ view: "task" });
    const lines = [
      '{"prompt": "What is 3 + 4?"}',
      '{"prompt": "What is 5 +',
      '{"question": "What is 6 + 7?"}',
    ];
    await page.getByLabel("Prompts of one task").fill(lines.join("\n"));
    const told = page.getByRole("status", { name: "What was left out" });
    await told.getByText("Line 2: not valid JSON.").waitFor();
    await told.getByText('Line 3: there is no text in "prompt".').waitFor();
    await page.getByText("1 prompt.", { exact: true }).waitFor();
    const model = await decided(page, "Recommendation");
    await expect.poll(() => page.evaluate(() => sessionStorage.length)).toBe(1);
    await page.reload();
    expect(await decided(page, "Recommendation")).toBe(model);
    // What another version of the page kept is no reason to show nothing.
    await page.evaluate(() => sessionStorage.setItem("signalbox-task", '{"text": 1}'));
    await page.reload();
    await page.getByText("Paste some prompts").waitFor();
  });

  test("a file of 900 kB is read, and the page goes on answering", async () => {
    const page = await visit.open({ view: "task" });
    const line = (k: number) =>
      JSON.stringify({ prompt: `What is ${k} + ${k}?`, notes: "A sum. ".repeat(20) });
    const text = Array.from({ length: 5000 }, (_, k) => line(k)).join("\n");
    expect(text.length).toBeGreaterThan(800_000);
    const file = { name: "long.jsonl", mimeType: "application/json", buffer: Buffer.from(text) };
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByText("5000 prompts. Only the beginning of the").waitFor();
    expect((await page.getByLabel("Prompts of one task").inputValue()).length).toBeLessThan(30_000);
    const model = await decided(page, "Recommendation");
    await page.getByRole("button", { name: `${model} on prompt 1: not known` }).click();
    await page.locator(".decision-reason").getByText("1 label").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("Paste some prompts").waitFor();
  });

  test("of more prompts than one decision takes, the first count, and the page says so", async () => {
    const page = await visit.open({ view: "task" });
    const asked: unknown[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/v1/route/task")) asked.push(request.postDataJSON().prompts.length);
    });
    const lines = Array.from({ length: 130 }, (_, k) => `What is ${k} + ${k}?`);
    await page.getByLabel("Prompts of one task").fill(lines.join("\n"));
    await page.getByText("the first 100 count, the other 30 are left out").waitFor();
    await decided(page, "Recommendation");
    await page.getByText("For the first 100 prompts use").waitFor();
    expect(asked).toEqual([100]);
  });

  test("labels for a model that the Worker does not know are a fault that names it", async () => {
    const page = await visit.open({ view: "task" });
    const line = JSON.stringify({ prompt: "What is 3 + 4?", outcomes: { "no-such-model": 1 } });
    await page.getByLabel("Prompts of one task").fill(line);
    const alert = page.getByRole("alert");
    await alert.getByText("unknown_model").waitFor();
    await alert.getByText(/no-such-model/).waitFor();
  });

  test("colors go round and are remembered", async () => {
    const page = await visit.open();
    const toggle = page.getByRole("button", { name: /^Colors/ });
    await toggle.click();
    await toggle.click();
    await page.reload();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  });

  describe("has no violation that axe finds", () => {
    const looks = [
      { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
      { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
      { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
    ] as const;
    test.each(looks)(
      "$name",
      async ({ colorScheme, viewport }) => {
        const page = await visit.open({ colorScheme, viewport });
        await decided(page);
        expect(await violations(page)).toEqual([]);
        await page.getByRole("button", { name: "Add a turn" }).click();
        await page.getByText("Filters").click();
        await page.getByText("Along the dial").click();
        await page.locator(".stop").first().waitFor();
        await page.getByRole("button", { name: "Compare with a second setting" }).click();
        await page.locator(".difference").waitFor();
        expect(await violations(page)).toEqual([]);
        await page.getByRole("button", { name: /^API key/ }).click();
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press("Escape");
        await page.getByRole("link", { name: "Task" }).click();
        await page.getByRole("button", { name: "Example task" }).click();
        await page.locator(".scores").waitFor();
        expect(await violations(page)).toEqual([]);
        await page.getByRole("link", { name: "Operator" }).click();
        await page.locator(".catalogue").waitFor();
        expect(await violations(page)).toEqual([]);
      },
      60_000,
    );
  });

  async function violations(page: Page): Promise<readonly string[]> {
    // Colors in mid-transition would be measured as they are on the way.
    await page.waitForTimeout(400);
    await page.evaluate(axe.source);
    const results = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): unknown } }).axe.run(),
    );
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, "the page is wider than the window").toBeLessThanOrEqual(0);
    const found = results as { violations: { id: string; nodes: { html: string }[] }[] };
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  }
});
