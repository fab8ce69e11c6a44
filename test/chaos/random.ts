import { createHash } from "node:crypto";

/** Chance that can be asked again: the same name gives the same draw. */
export interface Draw {
  /** Uniform in [0, 1). */
  share(name: string): number;
  one<Item>(name: string, items: readonly Item[]): Item;
  /** So many of the items, none twice. */
  some<Item>(name: string, items: readonly Item[], count: number): readonly Item[];
}

export function createDraw(seed: number): Draw {
  const share = (name: string) =>
    createHash("sha256").update(`${seed} ${name}`).digest().readUIntBE(0, 6) / 2 ** 48;
  return {
    share,
    one: (name, items) => items[Math.floor(share(name) * items.length)] as never,
    some: (name, items, count) =>
      items
        .map((item, k) => ({ item, at: share(`${name} ${k}`) }))
        .sort((a, b) => a.at - b.at)
        .slice(0, count)
        .map(({ item }) => item),
  };
}
