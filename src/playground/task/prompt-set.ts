import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { exampleTask } from "./example-task.ts";
import { MAX_PROMPTS } from "./task-state.ts";

interface Props {
  readonly text: string;
  /** All prompts in the text, also those beyond what can be asked. */
  readonly count: number;
  readonly onText: (text: string) => void;
}

/** Where prompts are pasted, dropped or opened as a file. */
export function PromptSet({ text, count, onText }: Props): ComponentChild {
  const [isOver, setOver] = useState(false);
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
      value: text,
      spellcheck: false,
      "aria-describedby": "task-prompts-hint",
      placeholder: "One prompt a line, or drop a file",
      onInput: (event: Event) => onText((event.currentTarget as HTMLTextAreaElement).value),
    }),
    h(
      "p",
      { id: "task-prompts-hint", class: "note" },
      count === 0
        ? "One prompt a line, or JSON lines with prompt and outcomes. Paste, drop or open a file."
        : `${count} prompt${count === 1 ? "" : "s"}.`,
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
