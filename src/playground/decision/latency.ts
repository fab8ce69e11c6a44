import { type ComponentChild, h } from "preact";
import type { Timing } from "../api/timing.ts";
import { milliseconds } from "../format.ts";

/** Names of the stages in the `server-timing` header, for people. */
const stageNames: Readonly<Record<string, string>> = {
  state: "load bundle",
  embed: "embed prompt",
  decide: "predict and choose",
};

/** Where the time went: the Worker's stages, and the rest of the round trip. */
export function Latency({ timing }: { readonly timing: Timing }): ComponentChild {
  const inWorker = timing.stages.reduce((sum, { ms }) => sum + ms, 0);
  const parts = [
    ...timing.stages.map(({ name, ms }) => ({ name: stageNames[name] ?? name, ms, kind: name })),
    { name: "network and browser", ms: Math.max(0, timing.roundTripMs - inWorker), kind: "network" },
  ];
  const total = parts.reduce((sum, { ms }) => sum + ms, 0) || 1;
  return h(
    "section",
    { class: "panel", "aria-labelledby": "latency-title" },
    h("h3", { id: "latency-title" }, "Latency ", h("b", null, milliseconds(timing.roundTripMs))),
    h(
      "div",
      { class: "split", "aria-hidden": "true" },
      parts.map(({ kind, ms }) =>
        h("i", { key: kind, class: `stage stage-${kind}`, style: { width: `${(ms / total) * 100}%` } }),
      ),
    ),
    h(
      "dl",
      { class: "split-key" },
      parts.map(({ name, kind, ms }) =>
        h(
          "div",
          { key: kind },
          h("dt", null, h("i", { class: `key stage-${kind}` }), name),
          h("dd", null, milliseconds(ms)),
        ),
      ),
    ),
  );
}
