import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCatalogue } from "../../contract/catalogue.ts";
import { kvKeys, type Pointer } from "../../contract/pointer.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { bundledRouterDirectory } from "../encoder.ts";
import { unwrap } from "../failure.ts";
import { printable } from "../terminal.ts";
import type { KeyValue } from "./key-value.ts";

/** Where a provider's prompts and key go, for people. */
export interface ProviderAddress {
  readonly name: string;
  readonly baseUrl: string;
  readonly keyName: string;
}

export function providerAddresses({ providers }: Catalogue): readonly ProviderAddress[] {
  return Object.entries(providers).flatMap(([name, { keyName, surfaces }]) =>
    [...new Set(Object.values(surfaces).map(({ baseUrl }) => baseUrl))].map((baseUrl) => ({
      name,
      baseUrl,
      keyName,
    })),
  );
}

export function describeProvider({ name, baseUrl, keyName }: ProviderAddress): string {
  return printable(`${name} at ${baseUrl} with ${keyName}`);
}

/**
 * Whether every key goes where it goes today. From the next completion on, a catalogue sends prompts and keys to the
 * addresses that it names, so that an address that is neither live nor comes with Signalbox is taken only where a person
 * has typed its host.
 */
export async function checkProviders(
  kv: KeyValue,
  before: Pointer | undefined,
  next: Catalogue,
  acceptedHosts: readonly string[],
): Promise<Result<null, "providers_not_accepted">> {
  const known = new Set((await knownAddresses(kv, before)).map(placeOf));
  const strange = providerAddresses(next).filter(
    (address) => !known.has(placeOf(address)) && !acceptedHosts.includes(hostOf(address)),
  );
  if (strange.length === 0) return ok(null);
  const hosts = [...new Set(strange.map(hostOf))];
  return fail(
    "providers_not_accepted",
    `prompts and keys would go where none go today: ${strange.map(describeProvider).join("; ")}. ` +
      `Where that is meant, add --accept-providers ${hosts.join(",")}`,
  );
}

/** A key and where it goes. The whole address: on a host with many tenants the path tells whose it is. */
function placeOf({ keyName, baseUrl }: ProviderAddress): string {
  return `${keyName} ${baseUrl}`;
}

function hostOf({ baseUrl }: ProviderAddress): string {
  return new URL(baseUrl).host;
}

async function knownAddresses(
  kv: KeyValue,
  before: Pointer | undefined,
): Promise<readonly ProviderAddress[]> {
  const bundled = unwrap(parseCatalogue(await readFile(join(bundledRouterDirectory, "catalogue.json"))));
  const checksums = [before?.catalogue, before?.canary?.catalogue, before?.shadow?.catalogue];
  const stored = await Promise.all(
    checksums.map((sha256) => (sha256 === undefined ? undefined : kv.get(kvKeys.catalogue(sha256)))),
  );
  // What can't be read vouches for nothing.
  const catalogues = stored.flatMap((bytes) => {
    const parsed = bytes && parseCatalogue(bytes);
    return parsed?.ok ? [parsed.value] : [];
  });
  return [bundled, ...catalogues].flatMap(providerAddresses);
}
