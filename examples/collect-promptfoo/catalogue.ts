import { readFile } from "node:fs/promises";

/** What of a catalogue is needed to call a model and to know its price. */
interface CatalogueFile {
  readonly providers: Readonly<Record<string, { readonly base_url: string; readonly key_name: string }>>;
  readonly models: Readonly<
    Record<
      string,
      {
        readonly provider: string;
        readonly upstream: string;
        readonly usd_per_million_tokens: { readonly input: number | null; readonly output: number | null };
        readonly unseen_output_tokens?: number;
        readonly variants?: Readonly<Record<string, { readonly request: object }>>;
      }
    >
  >;
}

/** One model, or one told how much to think, as promptfoo can call it. */
export interface Callable {
  readonly id: string;
  readonly upstream: string;
  readonly baseUrl: string;
  readonly keyName: string;
  /** What a variant adds to requests. */
  readonly request: object;
  /** USD per million tokens. */
  readonly price: { readonly input: number; readonly output: number };
  readonly unseenOutputTokens: number;
}

/** The models of a catalogue that were asked for, by id (`gpt-5.5`, `gpt-5.5@medium`). */
export async function readModels(file: string, ids: readonly string[]): Promise<readonly Callable[]> {
  const catalogue: CatalogueFile = JSON.parse(await readFile(file, "utf8"));
  return ids.map((id) => {
    const [name = "", variant] = id.split("@");
    const model = catalogue.models[name];
    const request = variant === undefined ? {} : model?.variants?.[variant]?.request;
    if (model === undefined || request === undefined) throw new Error(`${file} has no model ${id}`);
    const provider = catalogue.providers[model.provider];
    if (provider === undefined)
      throw new Error(`${file} has no provider ${model.provider}, which ${id} needs`);
    const { input, output } = model.usd_per_million_tokens;
    if (input === null || output === null) throw new Error(`${file} has no price of ${id}; fill it in first`);
    return {
      ...{ id, upstream: model.upstream, baseUrl: provider.base_url, keyName: provider.key_name, request },
      ...{ price: { input, output }, unseenOutputTokens: model.unseen_output_tokens ?? 0 },
    };
  });
}
