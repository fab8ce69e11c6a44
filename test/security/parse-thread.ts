import { parentPort } from "node:worker_threads";
import { parseJson, parseWith } from "../../src/contract/parse.ts";
import { collectionsOf, fillAt, subjects, valueAt } from "./parse-cases.ts";

// As many values as a body may have (src/worker: MAX_VALUES), in half a megabyte and more.
const VALUES = 249_000;
const wrongItems = ["0", "[]", "{}"];

// Tells what is begun, so that whoever started the thread knows what ended it.
for (const [name, { schema, example }] of Object.entries(subjects)) {
  for (const path of collectionsOf(schema)) {
    const valid = JSON.stringify(valueAt(example, [...path, "*"]));
    for (const item of [...wrongItems, valid]) {
      const count = Math.floor(VALUES / (item.split(/[,:]/).length + (item.startsWith("{") ? 1 : 0)));
      parentPort?.postMessage(`${name}: ${path.join(".")} of ${item}`);
      const json = parseJson(Buffer.from(fillAt(example, path, item, count)), "invalid_json");
      if (!json.ok) throw new Error(json.failure.message);
      parseWith(schema, json.value, "invalid_request");
    }
  }
}
parentPort?.postMessage("done");
