import { type ComponentChild, type ComponentChildren, h } from "preact";

interface Props {
  /** Id of the heading that names the table. */
  readonly titledBy: string;
  /** Cells of the row of headings. */
  readonly head: ComponentChildren;
  readonly rows: ComponentChildren;
}

/** A table in a frame of its own, which scrolls sideways where the window is narrow, by keyboard too. */
export function Table({ titledBy, head, rows }: Props): ComponentChild {
  return h(
    "div",
    { class: "table-frame", role: "region", "aria-labelledby": titledBy, tabIndex: 0 },
    h("table", null, h("thead", null, h("tr", null, head)), h("tbody", null, rows)),
  );
}
