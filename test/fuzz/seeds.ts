import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

/** An input that once broke something; every later run tries it first. */
interface KeptSeed {
  /** What it broke. */
  readonly broke: string;
  /** Base64 of the gzipped input. */
  readonly input: string;
}

const pathOf = (target: string) => fileURLToPath(new URL(`seeds/${target}.json`, import.meta.url));

export function readSeeds(target: string): readonly Uint8Array[] {
  return readKept(target).map(({ input }) => new Uint8Array(gunzipSync(Buffer.from(input, "base64"))));
}

/** Adds an input to the target's seeds, unless it is there already. */
export function keepSeed(target: string, input: Uint8Array, broke: string): void {
  // Not where: a path of the machine that found it says nothing to others.
  const [what = ""] = broke.replaceAll(/(?:file:\/\/)?\/[^\s:]+\//g, "").split("\n");
  const seed = { broke: what.slice(0, 200), input: gzipSync(input, { level: 9 }).toString("base64") };
  const kept = readKept(target);
  if (kept.some(({ input: known }) => known === seed.input)) return;
  writeFileSync(pathOf(target), `${JSON.stringify([...kept, seed], null, 2)}\n`);
}

function readKept(target: string): readonly KeptSeed[] {
  const path = pathOf(target);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as KeptSeed[]) : [];
}
