import { type ComponentChild, h } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { Icon } from "./icons.ts";

const themes = ["auto", "light", "dark"] as const;
type Theme = (typeof themes)[number];

const NAME = "signalbox-theme";

/** Goes round: as the system has it, light, dark. */
export function ThemeToggle(): ComponentChild {
  const [theme, setTheme] = useState<Theme>(readTheme);
  useLayoutEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(NAME, theme);
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] as Theme;
  return h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": `Colors: ${theme}. Change to ${next}.`,
      title: `Colors: ${theme}`,
      onClick: () => setTheme(next),
    },
    h(Icon, { name: theme }),
  );
}

function readTheme(): Theme {
  const stored = localStorage.getItem(NAME);
  return themes.find((theme) => theme === stored) ?? "auto";
}
