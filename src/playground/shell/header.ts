import { type ComponentChild, h } from "preact";
import type { Health } from "../../contract/health.ts";
import type { Called } from "../api/use-call.ts";
import { Icon } from "./icons.ts";
import { ThemeToggle } from "./theme.ts";
import { type View, views } from "./views.ts";

interface Props {
  readonly view: View;
  readonly health: Called<Health>;
  readonly hasKey: boolean;
  readonly onKey: () => void;
}

/** Name, views, state of the Worker, colors and key. */
export function Header({ view, health, hasKey, onKey }: Props): ComponentChild {
  return h(
    "header",
    { class: "header" },
    h("a", { class: "brand", href: "#prompt" }, h(Mark, null), "Signalbox"),
    h(
      "nav",
      { "aria-label": "Views" },
      Object.entries(views).map(([name, text]) =>
        h("a", { key: name, href: `#${name}`, "aria-current": name === view ? "page" : undefined }, text),
      ),
    ),
    h(
      "div",
      { class: "header-end" },
      h(State, { health }),
      h(ThemeToggle, null),
      h(
        "button",
        {
          type: "button",
          class: hasKey ? "icon-button is-set" : "icon-button",
          onClick: onKey,
          "aria-label": hasKey ? "API key: set. Change it." : "API key: none. Enter one.",
          title: "API key",
        },
        h(Icon, { name: "key" }),
      ),
    ),
  );
}

function Mark(): ComponentChild {
  return h(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", width: 26, height: 26, "aria-hidden": "true" },
    h("path", { d: "M3 22h26M7 22c9 0 8-11 18-11" }),
    h("circle", { cx: 25.5, cy: 11, r: 3.6 }),
  );
}

/** As it is now, not as it was when the page was opened: what was known before a connection was lost is no state. */
function State({ health }: { readonly health: Called<Health> }): ComponentChild {
  const { value, fault, pending, retry } = health;
  if (fault?.kind === "offline") {
    return h(
      "button",
      { type: "button", class: "state state-unavailable", onClick: retry, disabled: pending },
      h("i", { "aria-hidden": "true" }),
      h("span", { class: "visually-hidden" }, "Worker: "),
      pending ? "no connection · trying…" : "no connection · try again",
    );
  }
  const status = fault !== undefined ? "unavailable" : (value?.status ?? "asking");
  const text = value?.bundle ? `${status} · ${value.bundle.models} models` : status;
  return h(
    "a",
    { class: `state state-${status}`, href: "#operator" },
    h("i", { "aria-hidden": "true" }),
    h("span", { class: "visually-hidden" }, "Worker: "),
    text,
  );
}
