import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { join } from "node:path";
import { installation } from "../configuration.ts";
import { type Check, failed, pass } from "./check.ts";

interface PackageJson {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

const REINSTALL = "install again: `npm install` in a clone, `npm install signalbox` in a project";

/** Node and the packages. */
export async function checkInstallation(): Promise<readonly Check[]> {
  const own: PackageJson = JSON.parse(await readFile(join(installation, "package.json"), "utf8"));
  return [
    pass("Node", `${process.versions.node}, needed ${own.engines.node}`), // main.ts refuses older ones
    checkPackages(own),
  ];
}

function checkPackages({ version, dependencies }: PackageJson): Check {
  const names = Object.keys(dependencies);
  const missing = names.filter((name) => !isInstalled(name));
  return missing.length === 0
    ? pass("packages", `signalbox ${version} and ${names.length} packages`)
    : failed("packages", `missing: ${missing.join(", ")}`, REINSTALL);
}

function isInstalled(name: string): boolean {
  try {
    const file = findPackageJSON(name, import.meta.url);
    return file !== undefined && existsSync(file);
  } catch {
    return false;
  }
}
