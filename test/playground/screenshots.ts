import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { startTestWorker } from "../conformance/test-worker.ts";
import { ownResults } from "../first-hour/own-models.ts";
import { createVisitor, decided } from "./open-page.ts";

/**
 * Writes docs/screenshots/{prompt,compare,task,operator,report}-{light,dark,phone,phone-dark}.png: the pages of a local Worker,
 * and the report of `evaluate --html` on a made-up table.
 */
const folder = fileURLToPath(new URL("../../docs/screenshots", import.meta.url));

const looks = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
  "phone-dark": { colorScheme: "dark", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
} as const;

const shots: Readonly<
  Record<
    string,
    { readonly view: "prompt" | "task" | "operator"; readonly set: (page: Page) => Promise<unknown> }
  >
> = {
  prompt: {
    view: "prompt",
    async set(page) {
      await decided(page);
      await page.getByText("Along the dial").click();
      await page.locator(".stop").first().waitFor();
    },
  },
  compare: {
    view: "prompt",
    async set(page) {
      await decided(page);
      await page.getByRole("button", { name: "Code" }).click();
      await page.getByRole("button", { name: "Compare with a second setting" }).click();
      await page.locator(".difference").waitFor();
    },
  },
  task: {
    view: "task",
    async set(page) {
      await page.getByRole("button", { name: "Example task" }).click();
      await page.locator(".scores").waitFor();
      for (const index of [0, 1, 3, 4]) await page.locator(".label-button").nth(index).click();
    },
  },
  operator: {
    view: "operator",
    async set(page) {
      await page.locator(".traffic tbody tr").first().waitFor();
      await page.locator(".catalogue tbody tr").first().waitFor();
    },
  },
};

const worker = await startTestWorker({
  providerUrl: "http://127.0.0.1:9",
  variables: { DECISION_LOG: "d1" },
  hasTables: true,
});
const visitor = await createVisitor(worker.origin);
try {
  await mkdir(folder, { recursive: true });
  // The first decision waits for the encoder; its latency is not the usual one.
  await decided(await visitor.open());
  await visitor.leave();
  for (const [name, { view, set }] of Object.entries(shots)) {
    for (const [look, options] of Object.entries(looks)) {
      const page = await visitor.open({ view, ...options });
      await set(page);
      await page.mouse.move(0, 0);
      await page.evaluate(() => scrollTo(0, 0));
      // Until the last decision is there and nothing moves.
      await page.waitForTimeout(1000);
      // On a phone the answer is below the question: show where a person has scrolled to.
      if (look.startsWith("phone") && view !== "operator") {
        await page
          .locator(".answer")
          .evaluate((answer) => scrollTo(0, answer.getBoundingClientRect().top - 24));
      }
      const path = join(folder, `${name}-${look}.png`);
      await page.screenshot({ path });
      console.log(path);
      await visitor.leave();
    }
  }
  const report = await writeReport();
  for (const [look, options] of Object.entries(looks)) {
    const page = await visitor.open(options);
    await page.goto(`file://${report}`);
    const path = join(folder, `report-${look}.png`);
    await page.screenshot({ path });
    console.log(path);
    await visitor.leave();
  }
  await rm(dirname(report), { recursive: true });
} finally {
  await visitor.stop();
  await worker.stop();
}

/** @returns the file of a report on a table of four models */
async function writeReport(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "signalbox-report-"));
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const signalbox = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [main, ...args], { cwd: made });
  await writeFile(join(made, "results.csv"), ownResults());
  await signalbox("import", "csv", "results.csv", "--out", "outcomes.jsonl");
  await signalbox("evaluate", "outcomes.jsonl", "--html", "report.html", "--suite", "support");
  return join(made, "report.html");
}
