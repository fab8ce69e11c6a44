import { fileURLToPath } from "node:url";
import { kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { largeBundle } from "../bench/large-bundle.ts";
import { type BackendName, readContents } from "../bench/subjects.ts";
import { variantBundle } from "../operations/variant-bundle.ts";
import { hosts } from "./providers.ts";

/** What an operator publishes: a small router, and catalogues that differ in prices and addresses. */
export interface Published {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Pointers to what can be live. */
  readonly pointers: readonly Uint8Array[];
  /** Where rests are kept: providers, and models at their addresses. */
  readonly places: readonly string[];
  readonly models: readonly string[];
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const BUNDLE_BYTES = 60_000;
const models = ["small", "middle", "large", "guest-a", "guest-b"] as const;

/** Where each model is reached: by its first provider, and then by the others. */
const reached: Readonly<Record<(typeof models)[number], readonly (keyof typeof hosts)[]>> = {
  small: ["one"],
  middle: ["one", "two"],
  large: ["two"],
  "guest-a": ["guest"],
  "guest-b": ["guest", "one"],
};

export async function makePublished(): Promise<Published> {
  const backend: BackendName = "lexical";
  const contents = new Map(await readContents(root, backend));
  const take = (prefix: string) => {
    const [key, bytes] = [...contents].find(([name]) => name.startsWith(prefix)) as [string, Uint8Array];
    contents.delete(key);
    return bytes;
  };
  const original = take(kvKeys.bundle(""));
  take(kvKeys.catalogue(""));
  const active = JSON.parse(new TextDecoder().decode(take(kvKeys.active)));
  const few = variantBundle(original, (document) => {
    document.models = [...models];
  });
  const put = async (kind: "bundle" | "catalogue", bytes: Uint8Array) => {
    const sha256 = await checksumOf(bytes);
    contents.set(kvKeys[kind](sha256), bytes);
    return sha256;
  };
  const bundles = await Promise.all(
    [BUNDLE_BYTES, BUNDLE_BYTES / 2].map((bytes) => put("bundle", largeBundle(few, bytes))),
  );
  const catalogues = await Promise.all(
    [1, 2].map((factor) => put("catalogue", new TextEncoder().encode(JSON.stringify(catalogueOf(factor))))),
  );
  const pointers = bundles.flatMap((bundle) =>
    catalogues.map((catalogue) => new TextEncoder().encode(JSON.stringify({ ...active, bundle, catalogue }))),
  );
  contents.set(kvKeys.active, pointers[0] as Uint8Array);
  const addresses = models.flatMap((model) =>
    reached[model].map((name) => `${model} ${name} https://${hosts[name]}/v1/chat/completions`),
  );
  // Each with a buffer to itself, which KV then hands out.
  for (const [key, bytes] of contents) contents.set(key, bytes.slice());
  return { contents, pointers, places: [...Object.keys(hosts), ...addresses], models };
}

function catalogueOf(factor: number): object {
  return {
    format_version: 1,
    prices_as_of: "2026-01-01",
    providers: Object.fromEntries(
      Object.entries(hosts).map(([name, host]) => [
        name,
        { base_url: `https://${host}/v1`, key_name: `${name.toUpperCase()}_KEY` },
      ]),
    ),
    models: Object.fromEntries(
      models.map((model, k) => [
        model,
        {
          provider: reached[model][0],
          upstream: `${reached[model][0]}/${model}`,
          also_at: reached[model]
            .slice(1)
            .map((provider) => ({ provider, upstream: `${provider}/${model}` })),
          usd_per_million_tokens: { input: factor * (k + 1), output: 3 * factor * (k + 1) },
          context_tokens: 200_000,
          max_output_tokens: 8_000,
          capabilities: ["tools", "json"],
        },
      ]),
    ),
  };
}
