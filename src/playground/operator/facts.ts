import { type ComponentChild, type ComponentChildren, h } from "preact";

/** A titled group of facts. */
export function Facts({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  return h("section", { class: "panel facts", "aria-label": title }, h("h2", null, title), children);
}

interface FactProps {
  readonly name: string;
  readonly value: string | number | undefined;
  readonly isCode?: boolean;
}

/** One name and its value; a dash where there is none. */
export function Fact({ name, value, isCode = false }: FactProps): ComponentChild {
  return h(
    "dl",
    { class: "fact" },
    h("dt", null, name),
    h("dd", null, value === undefined ? "–" : isCode ? h("code", null, value) : value),
  );
}
