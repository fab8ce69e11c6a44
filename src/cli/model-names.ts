import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { parseJson, parseWith } from "../contract/parse.ts";
import { type Catalogue, catalogueNames } from "../core/catalogue.ts";
import { unwrap } from "./failure.ts";

const namesSchema = v.record(v.string(), v.array(v.string()));

/**
 * Every name of a model -> the one it goes by: what the catalogue has, and a file `name -> list of other names` for the
 * models that it doesn't have, or other spellings of those that it has.
 */
export async function readModelNames(
  catalogue: Catalogue | undefined,
  file: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const names = catalogue === undefined ? new Map<string, string>() : new Map(catalogueNames(catalogue));
  if (file === undefined) return names;
  const document = unwrap(parseJson(await readFile(file), "names_invalid"));
  for (const [name, others] of Object.entries(unwrap(parseWith(namesSchema, document, "names_invalid")))) {
    const id = names.get(name) ?? others.map((other) => names.get(other)).find(Boolean) ?? name;
    for (const each of [name, ...others]) names.set(each, id);
  }
  return names;
}
