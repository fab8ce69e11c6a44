import { type ComponentChild, h } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  readonly isOpen: boolean;
  readonly apiKey: string;
  readonly onClose: () => void;
  readonly onKey: (key: string) => void;
}

/** Asks for the API key of a Worker whose access is closed. */
export function KeyDialog({ isOpen, apiKey, onClose, onKey }: Props): ComponentChild {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const submit = (event: Event) => {
    event.preventDefault();
    const key = input.current?.value.trim() ?? "";
    // What was typed must not stay in the closed dialog.
    (event.currentTarget as HTMLFormElement).reset();
    onKey(key);
  };
  return h(
    "dialog",
    { ref: dialog, "aria-labelledby": "key-title", onClose },
    h(
      "form",
      { onSubmit: submit },
      h("h2", { id: "key-title" }, "API key"),
      h(
        "p",
        { id: "key-note" },
        "The key stays in this tab, goes to this Worker only, and is forgotten when the tab closes.",
      ),
      h("label", { for: "key" }, "Key"),
      h("input", {
        id: "key",
        ref: input,
        type: "password",
        autocomplete: "off",
        spellcheck: false,
        required: true,
        "aria-describedby": "key-note",
      }),
      h(
        "div",
        { class: "dialog-actions" },
        apiKey !== "" &&
          h("button", { type: "button", class: "quiet", onClick: () => onKey("") }, "Forget the key"),
        h("button", { type: "button", onClick: onClose }, "Cancel"),
        h("button", { type: "submit", class: "primary" }, "Use it"),
      ),
    ),
  );
}
