import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { DOMParser } from "linkedom";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasBrowser } from "./browser.ts";
import { decided } from "./open-page.ts";
import { visitWorker } from "./visit-worker.ts";

describe.skipIf(!hasBrowser)("the prompt view", () => {
  const visit = visitWorker();

  async function ask(body: object) {
    const response = await fetch(`${visit.origin}/v1/route`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  }

  /** Does something and returns the body of the next decision that the page asks for. */
  async function asked(page: Page, action: () => Promise<unknown>): Promise<Record<string, unknown>> {
    const [request] = await Promise.all([
      page
        .waitForResponse((response) => response.url().endsWith("/v1/route"))
        .then((response) => response.request()),
      action(),
    ]);
    return request.postDataJSON();
  }

  test("decides on what is typed, as the API does", async () => {
    const page = await visit.open();
    await decided(page);
    const prompt = "Name the three longest rivers of Africa.";
    await asked(page, () => page.getByLabel("Prompt", { exact: true }).fill(prompt));
    const { model, ranking } = await ask({ prompt, spend: 0.5 });
    expect(await decided(page)).toBe(model);
    expect(await page.getByRole("heading", { name: /^Ranking of/ }).textContent()).toContain(
      `${ranking.length}`,
    );
    await page.getByRole("button", { name: `All ${ranking.length}` }).click();
    const names = await page.locator(".ranking tbody .model-name").allInnerTexts();
    expect(names).toEqual(ranking.map((candidate: { readonly model: string }) => candidate.model));
    expect(await page.locator(".chart .spot").count()).toBe(ranking.length);
    expect(await page.locator(".answer").getByRole("status").first().textContent()).toContain(model);
  });

  test("many keystrokes are one question", async () => {
    const page = await visit.open();
    await decided(page);
    let questions = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/v1/route")) questions++;
    });
    const prompt = page.getByLabel("Prompt", { exact: true });
    await prompt.fill("");
    await prompt.evaluate((area) => {
      const times: number[] = [];
      Object.assign(globalThis, { times });
      area.addEventListener("input", () => times.push(performance.now()));
    });
    await asked(page, () => prompt.pressSequentially("Why is ice lighter than water?"));
    await decided(page);
    const times = await page.evaluate(() => (globalThis as unknown as { times: number[] }).times);
    // On a machine that has much else to do, keys come so slowly that some are questions of their own.
    const pauses = times.filter(
      (time, index) => index > 0 && time - (times[index - 1] as number) > 100,
    ).length;
    expect(times.length).toBe(30);
    expect(questions).toBeLessThanOrEqual(2 + pauses);
  });

  test("the dial works by keyboard: less spend, a cheaper model", async () => {
    const page = await visit.open();
    await decided(page);
    await page.getByRole("slider", { name: "Spend" }).focus();
    expect(await asked(page, () => page.keyboard.press("Home"))).toMatchObject({ spend: 0 });
    const thrifty = await decided(page);
    const prompt = await page.getByLabel("Prompt", { exact: true }).inputValue();
    const [least, half] = [await ask({ prompt, spend: 0 }), await ask({ prompt, spend: 0.5 })];
    expect(thrifty).toBe(least.model);
    expect(least.expected_usd).toBeLessThan(half.expected_usd);
  });

  test("every rule sends its own field", async () => {
    const page = await visit.open();
    await decided(page);
    const choose = (name: string) => asked(page, () => page.getByLabel(name, { exact: true }).check());
    expect(await choose("Tolerance")).toMatchObject({ tolerance: 0.05 });
    expect(await choose("Threshold")).toMatchObject({ min_p_correct: 0.8 });
    expect(await choose("Quality")).toMatchObject({ objective: "quality" });
  });

  test("along the dial: a stop can be picked", async () => {
    const page = await visit.open();
    await decided(page);
    await page.getByText("Along the dial").click();
    const stops = page.getByRole("list", { name: "What the dial chooses" }).getByRole("button");
    await stops.first().waitFor();
    const model = await stops.first().locator(".stop-model").textContent();
    expect(await asked(page, () => stops.first().click())).toMatchObject({ spend: 0 });
    expect(await decided(page)).toBe(model);
  });

  test("filters narrow the candidates, and a name that means nothing is explained", async () => {
    const page = await visit.open();
    await decided(page);
    await page.getByText("Filters").click();
    await asked(page, () => page.getByLabel("Only these").fill("claude-*"));
    await asked(page, () => page.getByLabel("vision").check());
    await decided(page);
    const names = await page.locator(".ranking tbody .model-name").allInnerTexts();
    expect(names.length).toBeGreaterThan(1);
    expect(names.every((name) => name.startsWith("claude-"))).toBe(true);
    await asked(page, () => page.getByLabel("Only these").fill("no-such-model"));
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toContain("unknown_model");
  });

  test("a chat sends its turns, what to route on and the model it is on", async () => {
    const page = await visit.open();
    await decided(page);
    await page.getByRole("button", { name: "Add a turn" }).click();
    await page.getByLabel("Turn 2", { exact: true }).fill("Six euros.");
    await page.getByRole("button", { name: "Add a turn" }).click();
    await page.getByLabel("Turn 3", { exact: true }).fill("And for 24 rolls?");
    await page.getByLabel("Route on").selectOption("last");
    const body = await asked(page, () => page.getByLabel("The chat is on").selectOption("gpt-5.4"));
    expect(body).toMatchObject({ route_on: "last", current_model: "gpt-5.4" });
    expect((body["messages"] as { role: string }[]).map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "user",
    ]);
    await page.getByRole("button", { name: "Remove turn 2" }).click();
    expect(await page.getByLabel("Turn 3", { exact: true }).count()).toBe(0);
  });

  test("two settings stand side by side, and the difference is told", async () => {
    const page = await visit.open();
    await decided(page);
    await page.getByRole("button", { name: "Compare with a second setting" }).click();
    const form = page.getByRole("form", { name: "Setting B" });
    await asked(page, () => form.getByLabel("Quality").check());
    const [a, b] = [
      await decided(page, "Decision of setting A"),
      await decided(page, "Decision of setting B"),
    ];
    const difference = await page.locator(".difference").textContent();
    expect(difference).toContain(a === b ? "Both settings choose" : `B takes ${b} instead of ${a}`);
    await page.getByRole("button", { name: "Compare no longer" }).click();
    expect(await page.getByRole("form").count()).toBe(1);
  });

  test("the table marks a model in the chart, by pointer and by keyboard", async () => {
    const page = await visit.open();
    await decided(page);
    const third = page.locator(".ranking tbody .model-name").nth(2);
    await third.focus();
    expect(await page.locator(".chart .marked").textContent()).toContain(await third.textContent());
    await third.evaluate((button) => (button as HTMLElement).blur());
    expect(await page.locator(".chart .marked").count()).toBe(0);
  });

  test("the copied curl command gives the decision that the page shows", async () => {
    const page = await visit.open({ permissions: ["clipboard-read", "clipboard-write"] });
    const model = await decided(page);
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByText("Copied").waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    const { stdout } = await promisify(execFile)("sh", ["-c", command.replace("curl ", "curl -s ")]);
    expect(JSON.parse(stdout).model).toBe(model);
    await page.getByLabel("Python").check();
    expect(await page.locator(".snippets pre").textContent()).toContain("import requests");
  });

  test("prompt and settings stand in the address: a reload and a link bring them back", async () => {
    const page = await visit.open({ permissions: ["clipboard-read", "clipboard-write"] });
    await decided(page);
    const prompt = "How many days lie between the 3rd of May & the 1st of June?";
    await asked(page, () => page.getByLabel("Prompt", { exact: true }).fill(prompt));
    await asked(page, () => page.getByLabel("Quality").check());
    await page.waitForURL(/prompt=How.*rule=quality/);
    const model = await decided(page);
    await page.reload();
    expect(await decided(page)).toBe(model);
    expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe(prompt);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("Link copied").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());

    await page.getByRole("link", { name: "Operator" }).click();
    await page.getByRole("link", { name: "Prompt" }).click();
    expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe(prompt);

    const other = await visit.open();
    await other.goto(link);
    await other.reload();
    expect(await decided(other)).toBe(model);
    expect(await other.getByLabel("Quality").isChecked()).toBe(true);
  });

  test("a prompt of 900 kB is kept over a reload, and the page goes on answering", async () => {
    const page = await visit.open();
    await decided(page);
    const long = "All the numbers from one to a million. ".repeat(900_000 / 39);
    await page.getByLabel("Prompt", { exact: true }).fill(long);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("too long for a link").waitFor();
    await expect
      .poll(() => page.evaluate(() => JSON.stringify(history.state)?.length ?? 0))
      .toBeGreaterThan(800_000);
    await page.reload();
    expect((await page.getByLabel("Prompt", { exact: true }).inputValue()).length).toBe(long.length);
    await page.getByRole("button", { name: "Riddle" }).click();
    expect(await decided(page)).not.toBe("");
  });

  test("filters that make no sense are told, and do not pass for what they are not", async () => {
    const page = await visit.open();
    await decided(page);
    await page.getByText("Filters").click();
    const ceiling = page.getByLabel("At most, USD per 1,000");
    await ceiling.fill("two dollars");
    await page.getByText("until it is one, there is no ceiling").waitFor();
    expect(await ceiling.getAttribute("aria-invalid")).toBe("true");
    await page.getByLabel("Never these").fill("gtp-4");
    await page.getByText("No model here is called “gtp-4”.").waitFor();
    await page.getByText("not all make sense").waitFor();
    await ceiling.fill("2.50");
    await page.getByLabel("Never these").fill("gpt-*");
    expect(await page.getByText("not all make sense").count()).toBe(0);
  });

  test("the chart can be kept, as a picture that looks the same and as a table", async () => {
    const page = await visit.open();
    const model = await decided(page);
    const saved = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name }).click(),
      ]);
      return readFile(await download.path(), "utf8");
    };
    const count = await page.locator(".chart .spot").count();
    const rows = (await saved("Save as CSV")).trimEnd().split("\r\n");
    expect(rows).toHaveLength(count + 1);
    expect(rows.slice(1).find((row) => row.endsWith(",chosen"))).toMatch(new RegExp(`^${model},`));
    const picture = await saved("Save as SVG");
    const drawn = new DOMParser().parseFromString(picture, "image/svg+xml");
    const circles = [...drawn.querySelectorAll("circle")];
    expect(circles.length).toBeGreaterThanOrEqual(count);
    expect(circles.every((circle) => circle.hasAttribute("fill"))).toBe(true);
    expect(drawn.documentElement?.textContent).toContain(model);
    expect(picture).not.toContain("class=");
  });
});
