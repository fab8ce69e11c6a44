import { type ComponentChild, h } from "preact";
import { percent, usdPerThousand } from "../format.ts";
import type { Scale } from "./scale.ts";

interface Margin {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** Grid lines and marks: shares upwards, USD per 1,000 prompts to the right. */
export function axes(x: Scale, y: Scale, width: number, height: number, margin: Margin): ComponentChild {
  const bottom = height - margin.bottom;
  const right = width - margin.right;
  return h(
    "g",
    { class: "axes" },
    y.ticks.map((share) => [
      h("line", { key: `line ${share}`, x1: margin.left, x2: right, y1: y.at(share), y2: y.at(share) }),
      h(
        "text",
        { key: `text ${share}`, x: margin.left - 8, y: y.at(share) + 4, "text-anchor": "end" },
        percent(share),
      ),
    ]),
    x.ticks.map((usd) =>
      h(
        "text",
        { key: `usd ${usd}`, x: x.at(usd), y: bottom + 18, "text-anchor": "middle" },
        usdPerThousand(usd / 1000),
      ),
    ),
    h("text", { class: "axis-title", x: 0, y: 4 }, "↑ chance of being right"),
    h(
      "text",
      { class: "axis-title", x: right, y: height - 5, "text-anchor": "end" },
      "expected cost of 1,000 such prompts →",
    ),
  );
}
