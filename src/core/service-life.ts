import type { Catalogue, CatalogueModel } from "./catalogue.ts";

/** Long enough to choose another model and to train again, short enough not to be overlooked for months. */
export const RETIRES_SOON_DAYS = 30;

const MS_PER_DAY = 86_400_000;

/** A model that its provider has stopped serving, or is about to. */
export interface Retirement {
  readonly model: string;
  /** Absent where the catalogue only says that it is retired. */
  readonly retiresOn?: string;
  readonly replacedBy?: string;
  readonly isOver: boolean;
}

/** The day in UTC, as the catalogue writes days. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** @param today ISO day */
export function isRetired({ status, retiresOn }: CatalogueModel, today: string): boolean {
  // ISO days in the order of their letters are in the order of time.
  return status === "retired" || (retiresOn !== undefined && retiresOn <= today);
}

/** What of a catalogue is gone or goes within 30 days, the earliest first. @param today ISO day */
export function retirements(
  { models }: Catalogue,
  today: string,
  known: (model: string) => boolean = () => true,
): readonly Retirement[] {
  const soon = dayOf(Date.parse(today) + RETIRES_SOON_DAYS * MS_PER_DAY);
  return Object.entries(models)
    .filter(([id, model]) => known(id) && isRetired(model, soon))
    .map(([id, model]) => ({
      model: id,
      ...(model.retiresOn === undefined ? {} : { retiresOn: model.retiresOn }),
      ...(model.replacedBy === undefined ? {} : { replacedBy: model.replacedBy }),
      isOver: isRetired(model, today),
    }))
    .sort((a, b) => compare(a.retiresOn ?? "", b.retiresOn ?? "") || compare(a.model, b.model));
}

export function describeRetirement({ model, retiresOn, replacedBy, isOver }: Retirement): string {
  const when = retiresOn === undefined ? "" : ` on ${retiresOn}`;
  const instead = replacedBy === undefined ? "" : `; its maker names ${replacedBy} in its place`;
  return `${model} ${isOver ? `left its provider${when}` : `leaves its provider${when}`}${instead}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
