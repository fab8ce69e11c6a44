import { type ComponentChild, h } from "preact";
import { useMemo, useState } from "preact/hooks";
import { LinkButton } from "./address/link-button.ts";
import type { PromptState } from "./address/prompt-state.ts";
import type { Model } from "./api/model.ts";
import { useCall } from "./api/use-call.ts";
import { CandidatesChart, type Chosen } from "./chart/candidates-chart.ts";
import { isAsked, toRequest } from "./conversation/conversation.ts";
import { ConversationEditor } from "./conversation/conversation-editor.ts";
import { DecisionCard } from "./decision/decision-card.ts";
import { Familiarity } from "./decision/familiarity.ts";
import { Latency } from "./decision/latency.ts";
import { Ranking } from "./decision/ranking.ts";
import { rowsOf } from "./decision/rows.ts";
import { announcement, differenceSentence } from "./decision/sentences.ts";
import { DialStops } from "./settings/dial-stops.ts";
import { contrastingSettings, type Settings, toOptions } from "./settings/settings.ts";
import { SettingsForm } from "./settings/settings-form.ts";
import { SnippetPanel } from "./snippets/snippet-panel.ts";

interface Props {
  readonly state: PromptState;
  readonly models: readonly Model[];
  readonly apiKey: string;
  readonly onChange: (state: PromptState) => void;
  readonly onKeyNeeded: () => void;
}

/** Typing and dragging settle for this long before the Worker is asked. */
const DEBOUNCE_MS = 180;

/** One prompt, its decision, and everything that explains it. */
export function PromptView({ state, models, apiKey, onChange, onKeyNeeded }: Props): ComponentChild {
  const { conversation, a, b } = state;
  const [marked, setMarked] = useState<string>();
  const request = toRequest(conversation);
  const withoutKey = models.filter(({ routed, has_key }) => routed && has_key === false).map(({ id }) => id);
  const bodyA = { ...request, ...toOptions(a, withoutKey) };
  const asked = isAsked(conversation);
  const first = useCall("route", {
    enabled: asked,
    body: { ...bodyA, explain: true },
    apiKey,
    debounceMs: DEBOUNCE_MS,
  });
  const second = useCall("route", {
    enabled: asked && b !== undefined,
    body: { ...request, ...(b === undefined ? {} : toOptions(b, withoutKey)), explain: true },
    apiKey,
    debounceMs: DEBOUNCE_MS,
  });
  const names = b === undefined ? ([""] as const) : (["A", "B"] as const);
  const answers = [first.value, b === undefined ? undefined : second.value];
  const rows = useMemo(() => rowsOf(answers.filter((answer) => answer !== undefined)), answers);
  const chosen = useMemo(
    () =>
      answers.flatMap((answer, index): Chosen[] =>
        answer ? [{ name: names[index] ?? "", model: answer.model }] : [],
      ),
    [...answers, names.length],
  );
  const difference = first.value && second.value ? differenceSentence(first.value, second.value) : undefined;
  const form = (id: "a" | "b", title: string, settings: Settings) => {
    const change = (changed: Settings) => onChange({ ...state, [id]: changed });
    const stops = asked && h(DialStops, { settings, request, withoutKey, apiKey, onChange: change });
    return h(SettingsForm, { id, title, settings, models, stops, onChange: change });
  };

  return h(
    "main",
    { class: "prompt-view" },
    h("h1", { class: "visually-hidden" }, "Which model answers this prompt?"),
    h(
      "div",
      { class: "ask" },
      h(ConversationEditor, {
        conversation,
        models,
        onChange: (changed) => onChange({ ...state, conversation: changed }),
      }),
      h(
        "div",
        { class: "settings-pair" },
        form("a", b === undefined ? "Choose by" : "Setting A", a),
        b !== undefined && form("b", "Setting B", b),
      ),
      h(
        "button",
        {
          type: "button",
          class: "quiet compare-toggle",
          "aria-pressed": b !== undefined,
          onClick: () =>
            onChange(b === undefined ? { ...state, b: contrastingSettings(a) } : { conversation, a }),
        },
        b === undefined ? "Compare with a second setting" : "Compare no longer",
      ),
      h(LinkButton, { state }),
    ),
    h(
      "div",
      { class: "answer" },
      h(
        "p",
        { class: "visually-hidden", role: "status" },
        first.pending || second.pending
          ? ""
          : (difference ?? (first.value ? announcement(first.value, a) : "")),
      ),
      h(
        "div",
        { class: "decisions" },
        h(DecisionCard, { called: first, settings: a, name: names[0], withoutKey, onKeyNeeded }),
        b !== undefined &&
          h(DecisionCard, { called: second, settings: b, name: "B", withoutKey, onKeyNeeded }),
      ),
      difference !== undefined && h("p", { class: "difference" }, difference),
      rows.length > 0 && h(CandidatesChart, { points: rows, chosen, marked, onMark: setMarked }),
      first.value !== undefined &&
        h(
          "div",
          { class: "panels" },
          h(Familiarity, { response: first.value, models }),
          first.timing !== undefined && h(Latency, { timing: first.timing }),
        ),
      rows.length > 0 && h(Ranking, { rows, chosen, marked, onMark: setMarked }),
      asked && h(SnippetPanel, { body: { ...request, ...toOptions(a) }, withKey: apiKey !== "" }),
    ),
  );
}
