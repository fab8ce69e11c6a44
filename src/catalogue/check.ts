import type { CatalogueDocument } from "../contract/catalogue.ts";
import type { Catalogue } from "../core/catalogue.ts";
import { describeRetirement, retirements } from "../core/service-life.ts";

/** What is wrong with a catalogue, or soon will be. */
export interface Finding {
  readonly level: "error" | "warning";
  readonly model: string;
  readonly message: string;
}

/** Half a year: providers have cut and raised prices within that. */
const OLD_PRICES_DAYS = 180;
const MS_PER_DAY = 86_400_000;

/** Looks at what stands in the catalogue itself, in both its forms. @param today ISO day */
export function checkCatalogue(
  document: CatalogueDocument,
  catalogue: Catalogue,
  today: string,
): readonly Finding[] {
  const isVariant = (id: string) => catalogue.models[id]?.variant !== undefined;
  const leaving = retirements(catalogue, today, (id) => !isVariant(id)).map(
    (retirement): Finding => ({
      level: retirement.isOver ? "error" : "warning",
      model: retirement.model,
      message: describeRetirement(retirement),
    }),
  );
  return [
    ...leaving,
    ...Object.entries(document.models).flatMap(([id, model]) => checkSources(id, model, today)),
  ];
}

function checkSources(
  id: string,
  model: CatalogueDocument["models"][string],
  today: string,
): readonly Finding[] {
  const { sources, speed, unseen_output_tokens: unseen, released, retires_on } = model;
  const missing = (level: Finding["level"], what: string): Finding => ({
    level,
    model: id,
    message: `${id}: ${what} without source and day; \`catalogue refresh\` writes them, or fill in \`sources\``,
  });
  const priceDay = sources?.prices?.as_of;
  const age = priceDay === undefined ? 0 : (Date.parse(today) - Date.parse(priceDay)) / MS_PER_DAY;
  return [
    ...(priceDay === undefined ? [missing("error", "prices")] : []),
    ...(age > OLD_PRICES_DAYS
      ? [{ level: "warning" as const, model: id, message: `${id}: prices are of ${priceDay}; refresh them` }]
      : []),
    ...(sources?.limits === undefined ? [missing("warning", "limits")] : []),
    ...((released ?? retires_on) !== undefined && sources?.dates === undefined
      ? [missing("warning", "dates")]
      : []),
    ...(speed !== undefined && sources?.speed === undefined ? [missing("warning", "speed")] : []),
    ...(unseen !== undefined && sources?.unseen_output_tokens === undefined
      ? [missing("warning", "unseen_output_tokens")]
      : []),
  ];
}
