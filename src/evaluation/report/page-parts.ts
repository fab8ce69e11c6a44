/** Text that is safe between tags and in attributes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] as string);
}

/** A chapter: heading, what it shows in a sentence or two, and its parts; empty without parts. */
export function section(title: string, text: string, ...parts: readonly (string | undefined)[]): string {
  const shown = parts.filter((part) => part !== undefined);
  if (shown.length === 0) return "";
  return `<section><h2>${escapeHtml(title)}</h2><p>${escapeHtml(text)}</p>${shown.join("")}</section>`;
}

/** @param caption HTML */
export function figure(svg: string, caption: string = ""): string {
  return `<figure>${svg}${caption === "" ? "" : `<figcaption>${caption}</figcaption>`}</figure>`;
}

/** Colors of the page -> what they stand for. */
export function legend(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(
      ([color, name]) =>
        `<span class="entry"><span class="key" style="background:var(--${color})"></span>${escapeHtml(name)}</span>`,
    )
    .join(" ");
}

export interface TableRow {
  readonly cells: readonly string[];
  readonly kind?: "served" | "anchor";
}

export function table(head: readonly string[], rows: readonly TableRow[]): string {
  const cells = (tag: "th" | "td", texts: readonly string[]) =>
    texts.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join("");
  const body = rows
    .map(
      ({ cells: texts, kind }) =>
        `<tr${kind === undefined ? "" : ` class="${kind}"`}>${cells("td", texts)}</tr>`,
    )
    .join("");
  return `<div class="scroll"><table><thead><tr>${cells("th", head)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export function card(value: string, meaning: string): string {
  return `<div class="card"><b>${escapeHtml(value)}</b><span>${escapeHtml(meaning)}</span></div>`;
}
