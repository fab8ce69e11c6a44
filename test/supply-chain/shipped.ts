import { readFile } from "node:fs/promises";

export const root = new URL("../..", import.meta.url);

/** A package of package-lock.json, of what is there whether or not it was installed. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Only needed to build and test. */
  readonly isDevelopment: boolean;
  /** Addresses in the lock file would tie every install to the registry of whoever wrote it. */
  readonly resolved: string | undefined;
}

/** Whose code or data ends up in the deployed Worker or in the page, though they are needed only to build it. */
export const bundled = [
  "@fontsource-variable/instrument-sans",
  "hono",
  "onnxruntime-web",
  "preact",
  "valibot",
] as const;

export async function lockedPackages(): Promise<readonly LockedPackage[]> {
  const { packages } = JSON.parse(await readFile(new URL("package-lock.json", root), "utf8"));
  return Object.entries<Record<string, unknown>>(packages).flatMap(([path, entry]) => {
    if (path === "" || entry["link"] === true) return [];
    return {
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version: String(entry["version"]),
      license: String(entry["license"] ?? "none"),
      isDevelopment: entry["dev"] === true,
      resolved: entry["resolved"] as string | undefined,
    };
  });
}

/** What a user of Signalbox gets: the packages that it needs to run, and those that are bundled. */
export function isShipped({ name, isDevelopment }: Pick<LockedPackage, "name" | "isDevelopment">): boolean {
  return !isDevelopment || (bundled as readonly string[]).includes(name);
}
