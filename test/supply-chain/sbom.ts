import { mkdir, writeFile } from "node:fs/promises";
import { readSbom } from "./read-sbom.ts";
import { root } from "./shipped.ts";

// `npm run sbom`: dist/sbom.cdx.json, what is shipped, as CycloneDX 1.5.
const sbom = await readSbom();
await mkdir(new URL("dist/", root), { recursive: true });
await writeFile(new URL("dist/sbom.cdx.json", root), `${JSON.stringify(sbom, null, 2)}\n`);
console.log(`dist/sbom.cdx.json: ${sbom.components.length} packages`);
