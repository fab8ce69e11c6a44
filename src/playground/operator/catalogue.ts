import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { Model } from "../api/model.ts";
import { tokens } from "../format.ts";
import { Table } from "../shell/table.ts";

/** Every model that the catalogue knows: prices, size, abilities, and whether `auto` may choose it. */
export function Catalogue({ models }: { readonly models: readonly Model[] }): ComponentChild {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const own = models.filter(({ id }) => id !== "auto");
  const shown = own.filter(({ id, owned_by, capabilities = [], has_key }) =>
    [id, owned_by, ...capabilities, has_key ? "has key" : "no key"].some((text) =>
      text.toLowerCase().includes(wanted),
    ),
  );
  return h(
    "div",
    { class: "catalogue" },
    h(
      "div",
      { class: "view-head" },
      h("h2", { id: "catalogue-title" }, `${own.length} models`),
      h(
        "div",
        { class: "field" },
        h(
          "label",
          { for: "catalogue-filter", class: "visually-hidden" },
          "Filter by name, provider or ability",
        ),
        h("input", {
          id: "catalogue-filter",
          type: "search",
          placeholder: "Filter by name, provider, ability, no key",
          value: filter,
          onInput: (event: Event) => setFilter((event.currentTarget as HTMLInputElement).value),
        }),
      ),
    ),
    h("p", { class: "visually-hidden", role: "status" }, wanted === "" ? "" : `${shown.length} models match`),
    h(Table, {
      titledBy: "catalogue-title",
      head: [
        ["Model", "Provider"].map((text) => h("th", { key: text, scope: "col" }, text)),
        ["Input", "Cached", "Output", "Context"].map((text) =>
          h("th", { key: text, scope: "col", class: "number" }, text),
        ),
        h("th", { scope: "col", class: "abilities" }, "Abilities"),
      ],
      rows: shown.map((model) => h(CatalogueRow, { key: model.id, model })),
    }),
    h("p", { class: "note" }, "Prices in USD per million tokens."),
  );
}

function CatalogueRow({ model }: { readonly model: Model }): ComponentChild {
  const {
    id,
    owned_by,
    usd_per_million_tokens: price,
    context_tokens = 0,
    capabilities = [],
    routed,
    has_key,
  } = model;
  return h(
    "tr",
    null,
    h(
      "th",
      { scope: "row" },
      id,
      routed === false && h("span", { class: "tag" }, "not routed"),
      has_key === false && h("span", { class: "tag" }, "no key"),
    ),
    h("td", null, owned_by),
    [price?.input, price?.cached_input, price?.output].map((usd, index) =>
      h("td", { key: index, class: "number" }, usd === undefined ? "–" : usd.toFixed(usd < 0.1 ? 3 : 2)),
    ),
    h("td", { class: "number" }, tokens(context_tokens)),
    h("td", { class: "abilities" }, capabilities.join(", ") || "–"),
  );
}
