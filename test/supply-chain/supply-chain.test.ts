import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { judgeAudit } from "./judge-audit.ts";
import { isAcceptable } from "./licenses.ts";
import { readSbom } from "./read-sbom.ts";
import { bundled, isShipped, lockedPackages, root } from "./shipped.ts";

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

/** Packages of which something is left in what was built. */
function packagesOf({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const names = inputs.flatMap(([path, { bytesInOutput }]) => {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
    return bytesInOutput > 0 && name !== undefined ? [name] : [];
  });
  return [...new Set(names)];
}

describe("package-lock.json", () => {
  test("names no registry, so that nobody installs from whoever wrote it", async () => {
    const locked = await lockedPackages();
    expect(locked.length).toBeGreaterThan(200);
    expect(locked.filter(({ resolved }) => resolved !== undefined)).toEqual([]);
    const text = await readFile(new URL("package-lock.json", root), "utf8");
    expect(text.includes('"resolved"')).toBe(false);
  });

  test("has a checksum of every package", async () => {
    const { packages } = JSON.parse(await readFile(new URL("package-lock.json", root), "utf8"));
    const without = Object.entries<Record<string, unknown>>(packages)
      .filter(([path, entry]) => path !== "" && !String(entry["integrity"]).startsWith("sha512-"))
      .map(([path]) => path);
    expect(without).toEqual([]);
  });

  test("scripts of packages run only where package.json allows it", async () => {
    const { allowScripts } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
    const { packages } = JSON.parse(await readFile(new URL("package-lock.json", root), "utf8"));
    const withScripts = Object.entries<Record<string, unknown>>(packages)
      .filter(([, entry]) => entry["hasInstallScript"] === true && entry["optional"] !== true)
      .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    expect(withScripts.length).toBeGreaterThan(0);
    expect(withScripts.filter((name) => !Object.hasOwn(allowScripts, name))).toEqual([]);
    // npm before version 11 doesn't know `allowScripts`, and 11 runs what it doesn't name: the install runs none, then these.
    const install = await readFile(new URL(".ci/install", root), "utf8");
    const [, rebuilt = ""] = /npm rebuild (?:--\S+ )*(.+)/.exec(install) ?? [];
    expect(install).toMatch(/npm install .*--ignore-scripts/);
    expect(rebuilt.split(" ").toSorted()).toEqual(
      Object.keys(allowScripts)
        .filter((name) => allowScripts[name])
        .toSorted(),
    );
  });
});

describe("licenses", () => {
  test("of everything that is shipped are on the list", async () => {
    const shipped = (await lockedPackages()).filter(isShipped);
    expect(shipped.length).toBeGreaterThan(50);
    const refused = shipped.filter((locked) => !isAcceptable(locked));
    expect(refused.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });

  test.each([
    ["MIT", true],
    ["MIT OR GPL-3.0-only", true],
    ["(MIT AND Apache-2.0)", true],
    ["MIT AND GPL-3.0-only", false],
    ["GPL-3.0-only", false],
    ["AGPL-3.0-only", false],
    ["SEE LICENSE IN LICENSE.txt", false],
    ["UNLICENSED", false],
    ["LGPL-3.0-or-later", false],
    ["OFL-1.1", false],
    ["none", false],
  ])("%s of an ordinary package: %s", (license, acceptable) => {
    expect(isAcceptable({ name: "some-package", license })).toBe(acceptable);
  });
});

describe("what is bundled", () => {
  test("in Worker and page is the list, and each is named in NOTICE with its license", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-bundled-"));
    try {
      const meta = join(folder, "meta.json");
      const wrangler = fileURLToPath(new URL("node_modules/wrangler/bin/wrangler.js", root));
      const args = [
        wrangler,
        "deploy",
        "src/worker/index.ts",
        "--dry-run",
        "--outdir",
        folder,
        "--metafile",
        meta,
      ];
      await promisify(execFile)(process.execPath, args, { cwd: fileURLToPath(root) });
      const { metafile } = await build({
        absWorkingDir: fileURLToPath(root),
        entryPoints: ["src/playground/main.ts", "src/playground/styles/style.css"],
        outdir: folder,
        bundle: true,
        write: false,
        metafile: true,
        loader: { ".woff2": "file" },
      });
      const inWorker = packagesOf(JSON.parse(await readFile(meta, "utf8")));
      // Wrangler's own shims stand for the platform.
      const found = [...inWorker, ...packagesOf(metafile)].filter(
        (name) => !/^(?:wrangler|unenv|@cloudflare\/unenv-preset)$/.test(name),
      );
      expect([...new Set(found)].sort()).toEqual([...bundled].sort());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const notice = await readFile(new URL("NOTICE", root), "utf8");
    const locked = await lockedPackages();
    for (const name of bundled) {
      const license = locked.find((candidate) => candidate.name === name)?.license;
      const license_name = license === "OFL-1.1" ? "SIL Open Font License" : `${license} License`;
      expect(notice).toMatch(new RegExp(`^    ${name} .*${license_name}`, "m"));
    }
  });
});

describe("bill of materials", () => {
  test("is CycloneDX, holds all that is shipped with version, license and checksum, and names no registry", async () => {
    const sbom = await readSbom();
    expect([sbom.bomFormat, sbom.specVersion, sbom.metadata.component.name]).toEqual([
      "CycloneDX",
      "1.5",
      "signalbox",
    ]);
    const shipped = (await lockedPackages()).filter(isShipped);
    // npm lists an optional package only where it is for this platform.
    const listed = new Set(sbom.components.map(({ name, version }) => `${name}@${version}`));
    for (const name of bundled) expect([...listed].some((entry) => entry.startsWith(`${name}@`))).toBe(true);
    const known = new Set(shipped.map(({ name, version }) => `${name}@${version}`));
    expect([...listed].filter((entry) => !known.has(entry))).toEqual([]);
    for (const component of sbom.components) {
      expect(component.purl).toMatch(/^pkg:npm\//);
      expect(component.licenses?.length, component.name).toBeGreaterThan(0);
      expect(component.hashes?.length, component.name).toBeGreaterThan(0);
    }
    expect(JSON.stringify(sbom)).not.toMatch(/https?:\/\/[^"]*npm/);
    const refs = new Set([sbom.metadata.component, ...sbom.components].map((part) => part["bom-ref"]));
    expect(sbom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual(
      [],
    );
    expect(JSON.stringify(await readSbom())).toBe(JSON.stringify(sbom));
  });
});

describe("audit", () => {
  const report = (severity: string) =>
    JSON.stringify({
      vulnerabilities: {
        "left-pad": {
          name: "left-pad",
          severity,
          range: "<2",
          via: [{ title: "Pads too far", url: "https://x" }],
        },
      },
    });

  test.each([
    ["high", false],
    ["critical", false],
    ["moderate", true],
    ["low", true],
  ])("a vulnerability that is %s passes: %s, and is told", (severity, isSafe) => {
    const judged = judgeAudit(report(severity));
    expect(judged).toEqual({ isSafe, lines: [`${severity}: left-pad <2: Pads too far https://x`] });
  });

  test("none passes", () => {
    expect(judgeAudit('{"vulnerabilities":{}}')).toEqual({
      isSafe: true,
      lines: ["Audit: no known vulnerabilities."],
    });
  });

  test.each(["", "not JSON", '{"error":{"code":"ENOAUDIT"}}', '{"message":"405 Method Not Allowed"}'])(
    "an answer without advisories (%j) is skipped in so many words",
    (stdout) => {
      expect(judgeAudit(stdout).lines).toEqual(["Audit skipped: the registry in use serves no advisories."]);
    },
  );
});
