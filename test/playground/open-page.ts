import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";

export interface OpenOptions extends BrowserContextOptions {
  /** The view's name in the address. */
  readonly view?: "prompt" | "task" | "operator";
  /** What to set up before the page is asked for, such as answers of its own. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** A browser whose pages all belong to one Worker. */
export interface Visitor {
  open(options?: OpenOptions): Promise<Page>;
  /** Closes what was opened, and tells what the pages complained of: errors in scripts, refusals of the CSP. */
  leave(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function createVisitor(origin: string): Promise<Visitor> {
  const browser: Browser = await launchBrowser();
  let contexts: BrowserContext[] = [];
  let complaints: string[] = [];
  return {
    async open({ view = "prompt", prepare, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      contexts.push(context);
      // Long enough for a machine that has much else to do.
      context.setDefaultTimeout(240_000);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) complaints.push(message.text());
      });
      page.on("request", (request) => {
        if (new URL(request.url()).origin !== origin) complaints.push(`asked ${request.url()}`);
      });
      await prepare?.(page);
      await page.goto(`${origin}/#${view}`);
      return page;
    },
    async leave() {
      const told = complaints;
      await Promise.all(contexts.map((context) => context.close()));
      contexts = [];
      complaints = [];
      return told;
    },
    stop: () => browser.close(),
  };
}

/** The chosen model, once it is decided. */
export async function decided(page: Page, name = "Decision"): Promise<string> {
  const card = page.locator(`section[aria-label="${name}"][aria-busy="false"]`);
  return (await card.locator(".decision-model").textContent()) ?? "";
}
