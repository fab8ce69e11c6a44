import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the built client runs where nothing is installed, and stays small", async () => {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-client-"));
  try {
    const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
    await promisify(execFile)(process.execPath, [tsc, "-p", join(root, "src/client"), "--outDir", folder]);
    const files = (await readdir(join(folder, "client"))).filter((name) => name.endsWith(".js"));
    const code = await Promise.all(files.map((name) => readFile(join(folder, "client", name), "utf8")));
    const imports = code.join("\n").matchAll(/from "([^"]+)"/g);
    expect(
      [...imports].filter(([, target]) => !target?.startsWith("./") && target !== "../contract/endpoints.js"),
    ).toEqual([]);
    expect(code.join("").length).toBeLessThan(10_000);
    const client = await import(pathToFileURL(join(folder, "client/index.js")).href);
    expect(Object.keys(client).sort()).toEqual(["SignalboxError", "connectSignalbox"]);
    expect(await readFile(join(folder, "client/index.d.ts"), "utf8")).toContain("RouteResponse");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
