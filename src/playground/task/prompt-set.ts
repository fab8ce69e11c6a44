import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { exampleTask } from "./example-task.ts";
import { MAX_PROMPTS } from "./task-state.ts";

interface Props {
  readonly text: string;
  /** All prompts in the text, also those beyond what can be asked. */
  readonly count: number;
  /** What of the text is no prompt, and why. */
  readonly faults: readonly string[];
  readonly onText: (text: string) => void;
}

/** Browsers lay out long text slowly, up to minutes where it has no line ends: of more than this, only the beginning is shown. */
const MOST_SHOWN = 20_000;
const MOST_FAULTS = 3;

/** Where prompts are pasted, dropped or opened as a file. */
export function PromptSet({ text, count, faults, onText }: Props): ComponentChild {
  const [isOver, setOver] = useState(false);
  const isLong = text.length > MOST_SHOWN;
  const read = async (files: FileList | null | undefined) => {
    const [file] = files ?? [];
    if (file !== undefined) onText(await file.text());
  };
  return h(
    "div",
    {
      class: `prompt-set${isOver ? " is-over" : ""}`,
      onDragOver: (event: DragEvent) => {
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        void read(event.dataTransfer?.files);
      },
    },
    h("label", { for: "task-prompts" }, "Prompts of one task"),
    h("textarea", {
      id: "task-prompts",
      rows: 9,
      value: isLong ? `${text.slice(0, MOST_SHOWN)}…` : text,
      readOnly: isLong,
      spellcheck: false,
      "aria-describedby": "task-prompts-hint",
      placeholder: "One prompt a line, or drop a file",
      onInput: (event: Event) => onText((event.currentTarget as HTMLTextAreaElement).value),
      // A browser asked to take in a long text first lays it out, whatever is shown of it later.
      onPaste: (event: ClipboardEvent) => {
        const pasted = event.clipboardData?.getData("text") ?? "";
        if (pasted.length <= MOST_SHOWN) return;
        event.preventDefault();
        onText(isLong || text.trim() === "" ? pasted : `${text}\n${pasted}`);
      },
    }),
    h(
      "p",
      { id: "task-prompts-hint", class: "note" },
      count === 0
        ? "One prompt a line, or JSON lines with prompt and outcomes. Paste, drop or open a file."
        : `${count} prompt${count === 1 ? "" : "s"}.`,
      isLong &&
        ` Only the beginning of the ${Math.round(text.length / 1000)} kB is shown; edit the file, or clear.`,
    ),
    faults.length > 0 &&
      h(
        "ul",
        { class: "notice", role: "status", "aria-label": "What was left out" },
        faults.slice(0, MOST_FAULTS).map((fault) => h("li", { key: fault }, `${fault}.`)),
        faults.length > MOST_FAULTS && h("li", null, `And ${faults.length - MOST_FAULTS} more like these.`),
      ),
    count > MAX_PROMPTS &&
      h(
        "p",
        { class: "notice", role: "status" },
        `One decision takes up to ${MAX_PROMPTS} prompts: the first ${MAX_PROMPTS} count, the other ${count - MAX_PROMPTS} are left out.`,
      ),
    h(
      "div",
      { class: "conversation-actions" },
      h("button", { type: "button", class: "quiet", onClick: () => onText(exampleTask) }, "Example task"),
      h(
        "label",
        { class: "file-button" },
        "Open a file",
        h("input", {
          type: "file",
          accept: ".txt,.json,.jsonl,text/plain,application/json",
          onChange: (event: Event) => read((event.currentTarget as HTMLInputElement).files),
        }),
      ),
      text !== "" && h("button", { type: "button", class: "quiet", onClick: () => onText("") }, "Clear"),
    ),
  );
}
