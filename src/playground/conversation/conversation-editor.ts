import { type ComponentChild, h } from "preact";
import type { Model } from "../api/model.ts";
import {
  type Conversation,
  nextRole,
  type Role,
  roles,
  routeOnChoices,
  singlePrompt,
  type Turn,
} from "./conversation.ts";
import { examples } from "./examples.ts";

interface Props {
  readonly conversation: Conversation;
  readonly models: readonly Model[];
  readonly onChange: (conversation: Conversation) => void;
}

/** One prompt to type or pick, or the turns of a chat. */
export function ConversationEditor({ conversation, models, onChange }: Props): ComponentChild {
  const { turns } = conversation;
  const isChat = turns.length > 1;
  const replace = (index: number, turn: Turn) =>
    onChange({ ...conversation, turns: turns.map((other, at) => (at === index ? turn : other)) });
  return h(
    "div",
    { class: "conversation" },
    h(
      "div",
      { class: "examples", role: "group", "aria-label": "Example prompts" },
      examples.map(({ name, prompt }) =>
        h(
          "button",
          {
            key: name,
            type: "button",
            class: "chip",
            "aria-pressed": !isChat && turns[0]?.content === prompt,
            onClick: () => onChange(singlePrompt(prompt)),
          },
          name,
        ),
      ),
    ),
    turns.map((turn, index) =>
      h(TurnEditor, {
        key: index,
        turn,
        index,
        isChat,
        onChange: (changed) => replace(index, changed),
        onRemove: () => onChange({ ...conversation, turns: turns.filter((_, at) => at !== index) }),
      }),
    ),
    h(
      "div",
      { class: "conversation-actions" },
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          onClick: () =>
            onChange({ ...conversation, turns: [...turns, { role: nextRole(conversation), content: "" }] }),
        },
        "Add a turn",
      ),
      isChat &&
        h(
          "button",
          { type: "button", class: "quiet", onClick: () => onChange(singlePrompt(turns[0]?.content ?? "")) },
          "One prompt only",
        ),
    ),
    isChat && h(ChatOptions, { conversation, models, onChange }),
  );
}

interface TurnProps {
  readonly turn: Turn;
  readonly index: number;
  readonly isChat: boolean;
  readonly onChange: (turn: Turn) => void;
  readonly onRemove: () => void;
}

function TurnEditor({ turn, index, isChat, onChange, onRemove }: TurnProps): ComponentChild {
  const id = `turn-${index}`;
  return h(
    "div",
    { class: `turn turn-${turn.role}` },
    isChat
      ? h(
          "div",
          { class: "turn-head" },
          h("label", { for: id, class: "visually-hidden" }, `Turn ${index + 1}`),
          h(
            "select",
            {
              "aria-label": `Role of turn ${index + 1}`,
              value: turn.role,
              onChange: (event: Event) =>
                onChange({ ...turn, role: (event.currentTarget as HTMLSelectElement).value as Role }),
            },
            roles.map((role) => h("option", { key: role, value: role }, role)),
          ),
          h(
            "button",
            { type: "button", class: "quiet", "aria-label": `Remove turn ${index + 1}`, onClick: onRemove },
            "Remove",
          ),
        )
      : h("label", { for: id }, "Prompt"),
    h("textarea", {
      id,
      rows: isChat ? 3 : 5,
      value: turn.content,
      placeholder: "Ask something",
      onInput: (event: Event) =>
        onChange({ ...turn, content: (event.currentTarget as HTMLTextAreaElement).value }),
    }),
  );
}

function ChatOptions({ conversation, models, onChange }: Props): ComponentChild {
  return h(
    "div",
    { class: "chat-options" },
    h(
      "div",
      { class: "field" },
      h("label", { for: "route-on" }, "Route on"),
      h(
        "select",
        {
          id: "route-on",
          value: conversation.routeOn,
          onChange: (event: Event) =>
            onChange({
              ...conversation,
              routeOn: (event.currentTarget as HTMLSelectElement).value as Conversation["routeOn"],
            }),
        },
        Object.entries(routeOnChoices).map(([value, text]) => h("option", { key: value, value }, text)),
      ),
    ),
    h(
      "div",
      { class: "field" },
      h("label", { for: "current-model" }, "The chat is on"),
      h(
        "select",
        {
          id: "current-model",
          value: conversation.currentModel,
          onChange: (event: Event) =>
            onChange({ ...conversation, currentModel: (event.currentTarget as HTMLSelectElement).value }),
        },
        h("option", { value: "" }, "no model yet"),
        models.filter(({ routed }) => routed).map(({ id }) => h("option", { key: id, value: id }, id)),
      ),
    ),
  );
}
