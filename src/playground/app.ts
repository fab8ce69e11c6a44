import { type ComponentChild, h } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { PromptState } from "./address/prompt-state.ts";
import { useKeptPrompt, useKeptTask } from "./address/use-kept.ts";
import { useCall } from "./api/use-call.ts";
import { singlePrompt } from "./conversation/conversation.ts";
import { examples } from "./conversation/examples.ts";
import { OperatorView } from "./operator/operator-view.ts";
import { PromptView } from "./prompt-view.ts";
import { standardSettings } from "./settings/settings.ts";
import { keepApiKey, readApiKey } from "./shell/api-key.ts";
import { Header } from "./shell/header.ts";
import { KeyDialog } from "./shell/key-dialog.ts";
import { useHeartbeat } from "./shell/use-heartbeat.ts";
import { useView, views } from "./shell/views.ts";
import { emptyTask } from "./task/task-state.ts";
import { TaskView } from "./task/task-view.ts";

const firstPrompt: PromptState = {
  conversation: singlePrompt(examples[0]?.prompt ?? ""),
  a: standardSettings,
};

/** The whole page: header, one view, and the key that the Worker may ask for. */
export function App(): ComponentChild {
  const view = useView();
  const [apiKey, setApiKey] = useState(readApiKey);
  const [isAskingKey, setAskingKey] = useState(false);
  const [prompt, setPrompt] = useKeptPrompt(view, firstPrompt);
  const [task, setTask] = useKeptTask(emptyTask);
  const health = useCall("health", { apiKey });
  useHeartbeat(health);
  const models = useCall("models", { apiKey });
  // Only where it is looked at: it reads a database.
  const traffic = useCall("traffic", { apiKey, enabled: view === "operator" });
  const onKeyNeeded = useCallback(() => setAskingKey(true), []);
  useEffect(() => {
    if (models.fault?.kind === "key" && apiKey === "") setAskingKey(true);
  }, [models.fault, apiKey]);
  useEffect(() => {
    document.title = `${views[view]} · Signalbox`;
  }, [view]);
  const changeKey = (key: string) => {
    keepApiKey(key);
    setApiKey(key);
    setAskingKey(false);
  };
  const list = models.value?.filter(({ id }) => id !== "auto") ?? [];
  return h(
    "div",
    { class: "page" },
    h(Header, { view, health, hasKey: apiKey !== "", onKey: onKeyNeeded }),
    view === "prompt" &&
      h(PromptView, { state: prompt, models: list, apiKey, onChange: setPrompt, onKeyNeeded }),
    view === "task" && h(TaskView, { state: task, apiKey, onChange: setTask, onKeyNeeded }),
    view === "operator" && h(OperatorView, { health, models, traffic, onKeyNeeded }),
    h(KeyDialog, { isOpen: isAskingKey, apiKey, onClose: () => setAskingKey(false), onKey: changeKey }),
  );
}
