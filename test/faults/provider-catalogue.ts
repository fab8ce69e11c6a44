/** A catalogue with all of its models at one provider, whose key is the secret PROVIDER_KEY. */
export function catalogueAt(bytes: Uint8Array, providerUrl: string): Uint8Array {
  const catalogue = JSON.parse(new TextDecoder().decode(bytes));
  const models = Object.entries(catalogue.models as Record<string, object>).map(([id, model]) => [
    id,
    { ...model, provider: "fake", upstream: `fake/${id}` },
  ]);
  const providers = { fake: { base_url: providerUrl, key_name: "PROVIDER_KEY" } };
  return new TextEncoder().encode(
    JSON.stringify({ ...catalogue, providers, models: Object.fromEntries(models) }),
  );
}
