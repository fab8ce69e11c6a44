import { describe, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { createApiKey } from "../../src/contract/api-key.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import { hasBrowser } from "./browser.ts";
import { decided } from "./open-page.ts";
import { visitWorker } from "./visit-worker.ts";

describe.skipIf(!hasBrowser)("a Worker that asks for a key", () => {
  let key: string;
  const visit = visitWorker(async () => {
    const made = unwrap(
      await createApiKey("visitor", (count) => crypto.getRandomValues(new Uint8Array(count))),
    );
    key = made.key;
    return startTestWorker({
      providerUrl: "http://127.0.0.1:9",
      variables: { AUTH: "keys", API_KEYS: made.record },
    });
  });

  test("is asked for one, which only this tab keeps", async () => {
    const page = await visit.open();
    const dialog = page.getByRole("dialog", { name: "API key" });
    await dialog.waitFor();
    await dialog.getByLabel("Key", { exact: true }).fill(key);
    await page.keyboard.press("Enter");
    await decided(page);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie)).not.toContain(
      key,
    );
    expect(await page.locator(".snippets pre").textContent()).toContain("$SIGNALBOX_KEY");
    expect((await page.content()).includes(key)).toBe(false);

    await page.reload();
    await decided(page);

    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole("dialog", { name: "API key" }).waitFor();
  });

  test("a wrong key is told, and another can be given or the old one forgotten", async () => {
    const page = await visit.open();
    const dialog = page.getByRole("dialog", { name: "API key" });
    await dialog.getByLabel("Key", { exact: true }).fill(`sb_visitor_${"x".repeat(43)}`);
    await dialog.getByRole("button", { name: "Use it" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("invalid_key").waitFor();
    await alert.getByRole("button", { name: "Enter another key" }).click();
    await dialog.getByLabel("Key", { exact: true }).fill(key);
    await dialog.getByRole("button", { name: "Use it" }).click();
    await decided(page);

    await page.getByRole("button", { name: /^API key: set/ }).click();
    await dialog.getByRole("button", { name: "Forget the key" }).click();
    await page.getByRole("alert").getByText("missing_key").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  test("the dialog can be left by Escape, and the page still says what is missing", async () => {
    const page = await visit.open();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Enter a key" }).click();
    await page.getByRole("dialog").waitFor();
  });
});
