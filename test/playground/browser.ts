import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** The system's Chromium; Playwright's own builds are not downloaded. */
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);

export const hasBrowser = executablePath !== undefined;

if (!hasBrowser) {
  console.warn("Browser tests are skipped: no Chromium found (Debian: apt-get install chromium).");
}

/** A headless browser that talks to nobody but the pages it is sent to. */
export function launchBrowser(): Promise<Browser> {
  if (executablePath === undefined)
    throw new Error("no Chromium in /usr/bin (Debian: apt-get install chromium)");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
