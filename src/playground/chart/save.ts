/** What of a chart's look comes from style sheets, which a file of its own doesn't have. */
const LOOKS = [
  ...["fill", "fill-opacity", "opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap"],
  ...["font-family", "font-size", "font-weight", "text-anchor", "transform"],
] as const;

/** An SVG element as it looks on the page, as the text of a file. */
export function svgFile(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = [svg, ...svg.querySelectorAll("*")];
  for (const [index, element] of [copy, ...copy.querySelectorAll("*")].entries()) {
    const look = getComputedStyle(originals[index] as Element);
    for (const name of LOOKS) {
      const value = look.getPropertyValue(name);
      if (value !== "" && value !== "none" && !element.hasAttribute(name))
        element.setAttribute(name, attributeOf(value));
    }
    // What is not filled would be black.
    if (look.fill === "none") element.setAttribute("fill", "none");
    element.removeAttribute("class");
    element.removeAttribute("style");
  }
  const paper = document.createElementNS(svg.namespaceURI, "rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(paper);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}

/** `matrix(1, 0, 0, 1, 40, 12)` and lengths in pixels, which attributes have without a unit. */
function attributeOf(value: string): string {
  return value.replaceAll(/(\d)px\b/g, "$1");
}

/** Rows as CSV (RFC 4180). */
export function csvFile(
  header: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const line = (cells: readonly (string | number | null)[]) =>
    cells
      .map((cell) =>
        /[",\r\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : (cell ?? ""),
      )
      .join(",");
  return [header, ...rows].map((cells) => `${line(cells)}\r\n`).join("");
}

/** Hands the browser a file to keep. */
export function save(name: string, type: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The download has its own hold of the content once it began.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
