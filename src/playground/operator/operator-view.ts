import { type ComponentChild, h } from "preact";
import type { Health } from "../../contract/health.ts";
import type { Traffic as Counts } from "../../contract/traffic.ts";
import type { Model } from "../api/model.ts";
import type { Called } from "../api/use-call.ts";
import { percent } from "../format.ts";
import { FaultNotice } from "../shell/fault-notice.ts";
import { Catalogue } from "./catalogue.ts";
import { Fact, Facts } from "./facts.ts";
import { Traffic } from "./traffic.ts";

interface Props {
  readonly health: Called<Health>;
  readonly models: Called<readonly Model[]>;
  readonly traffic: Called<Counts>;
  readonly onKeyNeeded: () => void;
}

const states: Readonly<Record<Health["status"], string>> = {
  ok: "Serving",
  degraded: "Serving, with a fault",
  unavailable: "Not serving",
};

/** What is live, what is wrong, and what could be chosen. */
export function OperatorView({ health, models, traffic, onKeyNeeded }: Props): ComponentChild {
  const refresh = () => {
    health.retry();
    models.retry();
    traffic.retry();
  };
  return h(
    "main",
    { class: "operator-view" },
    h(
      "div",
      { class: "view-head" },
      h("h1", null, health.value === undefined ? "Operator" : states[health.value.status]),
      h("button", { type: "button", onClick: refresh, disabled: health.pending }, "Refresh"),
    ),
    health.fault !== undefined && h(FaultNotice, { fault: health.fault, onRetry: health.retry, onKeyNeeded }),
    health.value !== undefined && h(State, { health: health.value }),
    traffic.fault !== undefined
      ? h(FaultNotice, { fault: traffic.fault, onRetry: traffic.retry, onKeyNeeded })
      : traffic.value !== undefined && h(Traffic, { traffic: traffic.value }),
    models.fault !== undefined
      ? h(FaultNotice, { fault: models.fault, onRetry: models.retry, onKeyNeeded })
      : models.value !== undefined && h(Catalogue, { models: models.value }),
  );
}

function State({ health }: { readonly health: Health }): ComponentChild {
  const { faults, bundle, canary, shadow, catalogue, encoder, published_at, checked_at } = health;
  const cache = health.embedding_cache;
  return h(
    "div",
    null,
    faults.length > 0 &&
      h(
        "ul",
        { class: "faults" },
        faults.map(({ code, message, since }) =>
          h(
            "li",
            { key: code },
            h("code", null, code),
            " ",
            message,
            h("span", { class: "note" }, ` since ${time(since)}`),
          ),
        ),
      ),
    h(
      "div",
      { class: "facts-grid" },
      stack(
        h(
          Facts,
          { title: "Bundle" },
          h(Fact, { name: "checksum", value: short(bundle?.checksum), isCode: true }),
          h(Fact, { name: "kind", value: bundle?.kind }),
          h(Fact, { name: "models", value: bundle?.models }),
          h(Fact, { name: "benchmark tasks", value: bundle?.tasks }),
          h(Fact, { name: "published", value: time(published_at) }),
          h(Fact, { name: "last checked", value: time(checked_at) }),
        ),
        h(Canary, { canary }),
      ),
      stack(
        h(
          Facts,
          { title: "Catalogue" },
          h(Fact, { name: "checksum", value: short(catalogue?.checksum), isCode: true }),
          h(Fact, { name: "models", value: catalogue?.models }),
          h(Fact, { name: "prices as of", value: catalogue?.prices_as_of }),
        ),
        h(
          Facts,
          { title: "Encoder" },
          h(Fact, { name: "name", value: encoder?.id }),
          h(Fact, { name: "checksum", value: short(encoder?.checksum), isCode: true }),
          h(Fact, { name: "backend", value: encoder?.backend }),
        ),
      ),
      stack(
        h(
          Facts,
          { title: "Embedding cache" },
          h(Fact, {
            name: "hit rate",
            value: cache.hit_rate === null ? "no decision yet" : percent(cache.hit_rate),
          }),
          h(Fact, { name: "hits", value: cache.hits }),
          h(Fact, { name: "misses", value: cache.misses }),
          h(Fact, { name: "entries", value: `${cache.size} of ${cache.capacity}` }),
          h("p", { class: "note" }, "Of the isolate that answered; others count for themselves."),
        ),
        h(Shadow, { shadow }),
      ),
    ),
  );
}

function stack(...panels: readonly ComponentChild[]): ComponentChild {
  return h("div", { class: "facts-stack" }, ...panels);
}

function Canary({ canary }: Pick<Health, "canary">): ComponentChild {
  return h(
    Facts,
    { title: "Canary" },
    canary === null
      ? h("p", { class: "note" }, "None: every decision comes from the bundle that is live.")
      : [
          h(Fact, { name: "checksum", value: short(canary.checksum), isCode: true }),
          h(Fact, { name: "models", value: canary.models }),
          h(Fact, { name: "decides for", value: `${canary.percent}% of the conversations` }),
        ],
  );
}

function Shadow({ shadow }: Pick<Health, "shadow">): ComponentChild {
  return h(
    Facts,
    { title: "Shadow" },
    shadow === null
      ? h("p", { class: "note" }, "None: no bundle is scored beside the live one.")
      : [
          h(Fact, { name: "checksum", value: short(shadow.checksum), isCode: true }),
          h(Fact, { name: "models", value: shadow.models }),
          h(Fact, { name: "decisions compared", value: shadow.compared }),
          h(Fact, { name: "chose otherwise", value: choseOtherwise(shadow) }),
          h("p", { class: "note" }, "Of the isolate that answered; others count for themselves."),
        ],
  );
}

function choseOtherwise({ compared, different }: NonNullable<Health["shadow"]>): string {
  return compared === 0 ? "no decision yet" : `${different} (${percent(different / compared)})`;
}

function short(checksum: string | undefined): string | undefined {
  return checksum?.slice(0, 12);
}

function time(iso: string | null): string | undefined {
  if (iso === null) return undefined;
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
