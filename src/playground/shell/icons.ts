import { type ComponentChild, h } from "preact";

/** Drawn, because fonts differ in which symbols they have. All are 18 px lines in the color of the text. */
const paths = {
  auto: "M9 2.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6z",
  light:
    "M9 5.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8zM9 1v1.8M9 15.2V17M1 9h1.8M15.2 9H17M3.3 3.3l1.3 1.3M13.4 13.4l1.3 1.3M3.3 14.7l1.3-1.3M13.4 4.6l1.3-1.3",
  dark: "M15.4 11.2A6.9 6.9 0 0 1 6.8 2.6a6.9 6.9 0 1 0 8.6 8.6z",
  key: "M11.8 2.4a3.8 3.8 0 0 0-3.6 5L2.4 13.2v2.4h2.4v-1.8h1.8V12h1.8l1.2-1.2a3.8 3.8 0 1 0 2.2-8.4zM12.6 5.4h.01",
} as const;

export function Icon({ name }: { readonly name: keyof typeof paths }): ComponentChild {
  return h(
    "svg",
    { class: "icon", viewBox: "0 0 18 18", width: 18, height: 18, "aria-hidden": "true" },
    h("path", { d: paths[name] }),
    name === "auto" && h("path", { class: "icon-solid", d: "M9 2.2a6.8 6.8 0 0 0 0 13.6z" }),
  );
}
