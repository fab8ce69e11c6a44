import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isShipped, root } from "./shipped.ts";

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly unknown[];
  readonly externalReferences?: readonly unknown[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * A software bill of materials from package-lock.json alone, without a registry: what is needed to run and what is
 * bundled. The same lock file gives the same bytes: number and time are left out, as CycloneDX allows.
 */
export async function readSbom(): Promise<Sbom> {
  const args = ["sbom", "--sbom-format=cyclonedx", "--package-lock-only"];
  const options = { cwd: fileURLToPath(root), maxBuffer: 64 * 1024 ** 2 };
  const { stdout } = await promisify(execFile)("npm", args, options);
  const { serialNumber: _, metadata, components, dependencies, ...rest } = JSON.parse(stdout);
  const { timestamp: __, component, ...about } = metadata;
  const kept = (components as readonly Component[]).filter((part) =>
    isShipped({ name: part.name, isDevelopment: isDevelopment(part) }),
  );
  const refs = new Set([component["bom-ref"], ...kept.map((part) => part["bom-ref"])]);
  return {
    ...rest,
    // npm takes the folder for the name.
    metadata: { ...about, component: { ...component, name: "signalbox" } },
    components: kept.map(({ externalReferences: ___, ...part }) => part),
    dependencies: (dependencies as Sbom["dependencies"])
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
}

function isDevelopment({ properties = [] }: Component): boolean {
  return properties.some(({ name, value }) => name === "cdx:npm:package:development" && value === "true");
}
