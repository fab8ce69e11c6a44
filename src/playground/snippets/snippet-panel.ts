import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { RouteRequestInput } from "../../client/index.ts";
import { type Language, languages, type Purpose, purposes, snippet } from "./snippets.ts";

interface Props {
  readonly body: RouteRequestInput;
  readonly withKey: boolean;
}

/** Of a longer code, with a long prompt in it, the beginning is shown; the whole is copied. */
const MOST_SHOWN = 20_000;

/** The same question as code to copy. */
export function SnippetPanel({ body, withKey }: Props): ComponentChild {
  const [language, setLanguage] = useState<Language>("curl");
  const [purpose, setPurpose] = useState<Purpose>("decide");
  const [copied, setCopied] = useState("");
  const code = snippet(language, purpose, { origin: location.origin, body, withKey });
  const shown = code.length > MOST_SHOWN ? `${code.slice(0, MOST_SHOWN)}…` : code;
  const copy = async () => {
    const done = await navigator.clipboard.writeText(code).then(
      () => true,
      () => false,
    );
    setCopied(done ? "Copied" : "The browser did not allow it: select the text instead.");
    setTimeout(() => setCopied(""), 4000);
  };
  return h(
    "section",
    { class: "panel snippets", "aria-labelledby": "snippet-title" },
    h("h3", { id: "snippet-title" }, "Use it"),
    h(
      "div",
      { class: "snippet-bar" },
      choice("Language", "language", languages, language, setLanguage),
      choice("Purpose", "purpose", purposes, purpose, setPurpose),
      h("button", { type: "button", onClick: copy }, "Copy"),
      h("span", { class: "note", role: "status" }, copied),
    ),
    h("pre", { tabIndex: 0, "aria-label": `${languages[language]} code` }, h("code", null, shown)),
  );
}

function choice<T extends string>(
  legend: string,
  name: string,
  choices: Readonly<Record<T, string>>,
  chosen: T,
  onChoose: (choice: T) => void,
): ComponentChild {
  return h(
    "fieldset",
    { class: "segments" },
    h("legend", { class: "visually-hidden" }, legend),
    (Object.keys(choices) as T[]).map((key) =>
      h(
        "label",
        { key },
        h("input", { type: "radio", name, checked: key === chosen, onChange: () => onChoose(key) }),
        h("span", null, choices[key]),
      ),
    ),
  );
}
