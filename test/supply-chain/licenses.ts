import type { LockedPackage } from "./shipped.ts";

/** SPDX ids that ask for no more than a notice; all of them go with Apache-2.0. */
const permissive: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Unlicense",
]);

interface Exception {
  readonly packages: RegExp;
  readonly license: string;
  readonly reason: string;
}

/** Others, each for the packages that it is acceptable in. */
const exceptions: readonly Exception[] = [
  {
    packages: /^@img\/sharp-/,
    license: "LGPL-3.0-or-later",
    reason: "optional shared libraries of Wrangler's image emulation: neither linked, changed nor bundled",
  },
  {
    packages: /^@fontsource-variable\/instrument-sans$/,
    license: "OFL-1.1",
    reason: "a font, passed on unchanged with its license",
  },
];

/** Whether the license, an SPDX expression of AND, OR and parentheses without nesting, is acceptable for the package. */
export function isAcceptable({ name, license }: Pick<LockedPackage, "name" | "license">): boolean {
  const isFine = (id: string) =>
    permissive.has(id) ||
    exceptions.some((exception) => exception.license === id && exception.packages.test(name));
  return license
    .replaceAll(/[()]/g, "")
    .split(" OR ")
    .some((all) => all.split(" AND ").every(isFine));
}
