import { loadPredictor } from "../core/bundle.ts";
import { describeEvidence, type Evidence, evidenceOf } from "../core/evidence.ts";

/** What a bundle says of itself, as Markdown: the page that lies beside it and that `inspect` prints. */
export function modelCard(bundle: Uint8Array): string {
  const loaded = loadPredictor(bundle);
  if (!loaded.ok) throw new Error(loaded.failure.message);
  const { kind, models, tasks, encoder, header } = loaded.value;
  return [
    `# Router bundle (${kind})`,
    "",
    ...table([
      ["size", `${(bundle.length / 1024).toFixed(0)} KiB`],
      ["models", String(models.length)],
      ["tasks", String(tasks.length)],
      ["encoder", `${encoder.id}, checksum ${encoder.checksum.slice(0, 16)}`],
      ...entriesOf(header["training"]),
      ...entriesOf(header["leave_one_out"]).map(([name, value]) => [`leave-one-out ${name}`, value] as const),
    ]),
    "",
    "## Models",
    "",
    ...modelTable(models, header),
    "",
    "## Tasks",
    "",
    tasks.join(", "),
    "",
  ].join("\n");
}

/** What each model's numbers rest on. A model without outcomes is inferred from what others published of it. */
function modelTable(models: readonly string[], header: Readonly<Record<string, unknown>>): readonly string[] {
  if (header["evidence"] === undefined) return models.map((model) => `- ${model}`);
  return [
    "| model | known from | mean score over the tasks | 19 in 20 |",
    "|---|---|---|---|",
    ...models.map((model) => {
      const evidence = evidenceOf(header, model);
      const { ability } = evidence ?? {};
      const bounds = ability === undefined ? ["", ""] : [shown(ability.mean), rangeOf(ability)];
      return `| ${[model, evidence === undefined ? "" : describeEvidence(evidence), ...bounds].join(" | ")} |`;
    }),
  ];
}

function rangeOf({ low, high }: NonNullable<Evidence["ability"]>): string {
  return `${low.toFixed(3)} to ${high.toFixed(3)}`;
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  return ["| | |", "|---|---|", ...rows.map(([name, value]) => `| ${name} | ${value} |`)];
}

function entriesOf(section: unknown): (readonly [string, string])[] {
  if (typeof section !== "object" || section === null) return [];
  return Object.entries(section).map(([name, value]) => [name.replaceAll("_", " "), shown(value)] as const);
}

// Longer lists are told by their length and range: nobody reads a hundred penalties.
const LONGEST_LIST = 8;

function span(values: readonly number[]): string {
  return `${values.length} values from ${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
}

function shown(value: unknown): string {
  if (typeof value === "number")
    return Number.isInteger(value) ? value.toLocaleString("en-US") : value.toFixed(4);
  if (Array.isArray(value)) return value.length <= LONGEST_LIST ? value.map(shown).join(", ") : span(value);
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([name, item]) => `${name} ${shown(item)}`)
      .join("; ");
  }
  return String(value);
}
