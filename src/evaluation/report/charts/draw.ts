import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Width of every chart in its own units; the page scales them to the column. */
export const CHART_WIDTH = 760;

/**
 * Draws a chart to a string of SVG. Colors are CSS variables of the page, so that one drawing serves light and dark
 * mode.
 *
 * @param label what the chart shows, for those who cannot see it
 */
export function draw(label: string, options: Plot.PlotOptions): string {
  const figure = Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
    width: CHART_WIDTH,
    style: { fontSize: "13px", background: "none", overflow: "visible" },
    ariaLabel: label,
    ...options,
  });
  figure.setAttribute("role", "img");
  // The page's own style rules; Plot's would be repeated in every chart.
  for (const style of figure.querySelectorAll("style")) style.remove();
  return figure.outerHTML;
}

/** The router that the page is about stands out; the others are its background. */
export function emphasisOf(name: string): string {
  return name === SERVED ? "var(--accent)" : "var(--muted)";
}

/** The router that Signalbox serves by default. */
export const SERVED = "landmark-heads";
