import { type ComponentChild, h } from "preact";
import { useEffect, useState } from "preact/hooks";

const themes = ["auto", "light", "dark"] as const;
type Theme = (typeof themes)[number];

const NAME = "signalbox-theme";
const symbols: Readonly<Record<Theme, string>> = { auto: "◐", light: "☀", dark: "☾" };

/** Goes round: as the system has it, light, dark. */
export function ThemeToggle(): ComponentChild {
  const [theme, setTheme] = useState<Theme>(readTheme);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(NAME, theme);
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] as Theme;
  return h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": `Colours: ${theme}. Change to ${next}.`,
      title: `Colours: ${theme}`,
      onClick: () => setTheme(next),
    },
    h("span", { "aria-hidden": "true" }, symbols[theme]),
  );
}

function readTheme(): Theme {
  const stored = localStorage.getItem(NAME);
  return themes.find((theme) => theme === stored) ?? "auto";
}
