import {
  type Conversation,
  type Role,
  roles,
  routeOnChoices,
  singlePrompt,
} from "../conversation/conversation.ts";
import { type RuleKind, rules } from "../settings/rules.ts";
import { type Capability, capabilities, type Settings, standardSettings } from "../settings/settings.ts";
import type { PromptState } from "./prompt-state.ts";

/** Longer addresses are cut by mail programs and chats, and refused by some browsers. */
const LONGEST_ADDRESS = 8000;

/** What the prompt view holds, behind the `#` of an address, which no server sees; undefined where it is too long for one. */
export function toFragment(state: PromptState): string | undefined {
  const fragment = writeFragment(state);
  return fragment.length > LONGEST_ADDRESS ? undefined : fragment;
}

/** The same, however long it is. */
export function writeFragment(state: PromptState): string {
  const { conversation, a, b } = state;
  const { turns, routeOn, currentModel } = conversation;
  const [only, second] = turns;
  const isPrompt = only?.role === "user" && second === undefined;
  // An empty prompt is one too: somebody cleared it.
  const fields: readonly (readonly [string, string])[] = [
    isPrompt ? ["prompt", only.content] : ["turns", JSON.stringify(turns)],
    ["route_on", isPrompt || routeOn === "first" ? "" : routeOn],
    ["current_model", currentModel],
    ...settingFields(a, ""),
    ...(b === undefined ? [] : settingFields(b, "b.")),
  ];
  const text = new URLSearchParams(
    fields.filter(([name, value]) => value !== "" || name === "prompt").map(([name, value]) => [name, value]),
  );
  return `prompt?${text}`;
}

/** The other way; what makes no sense is as it is by default. Undefined where the fragment holds no question. */
export function fromFragment(fragment: string): PromptState | undefined {
  const [view, query] = splitFragment(fragment);
  if (view !== "prompt" || query === undefined) return undefined;
  const fields = new URLSearchParams(query);
  const prompt = fields.get("prompt");
  const turns = prompt === null ? parseTurns(fields.get("turns")) : singlePrompt(prompt).turns;
  if (turns === undefined) return undefined;
  const routeOn = fields.get("route_on") ?? "first";
  const conversation: Conversation = {
    turns,
    routeOn: Object.hasOwn(routeOnChoices, routeOn) ? (routeOn as Conversation["routeOn"]) : "first",
    currentModel: fields.get("current_model") ?? "",
  };
  const a = parseSettings(fields, "");
  return fields.has("b.rule") ? { conversation, a, b: parseSettings(fields, "b.") } : { conversation, a };
}

/** `prompt?rule=quality` -> the view's name, and what is asked in it. */
export function splitFragment(fragment: string): readonly [view: string, query: string | undefined] {
  const [view = "", ...rest] = fragment.replace(/^#/, "").split("?");
  return [view, rest.length > 0 ? rest.join("?") : undefined];
}

function settingFields(settings: Settings, prefix: string): readonly (readonly [string, string])[] {
  const { rule, models, exclude, require, withKey, contextTokens, ceiling } = settings;
  const { dial } = rules[rule];
  const fields = {
    rule,
    ...(dial === undefined ? {} : { [dial.field]: String(settings[dial.field]) }),
    models,
    exclude,
    require: require.join(","),
    with_key: withKey ? "1" : "",
    context: contextTokens > 0 ? String(contextTokens) : "",
    ceiling,
  };
  return Object.entries(fields).map(([name, value]) => [`${prefix}${name}`, value] as const);
}

function parseSettings(fields: URLSearchParams, prefix: string): Settings {
  const field = (name: string) => fields.get(`${prefix}${name}`) ?? "";
  const rule = Object.hasOwn(rules, field("rule")) ? (field("rule") as RuleKind) : standardSettings.rule;
  const { dial } = rules[rule];
  const value = Number(field(dial?.field ?? ""));
  const isOnDial = dial !== undefined && field(dial.field) !== "" && value >= 0 && value <= dial.maximum;
  const contextTokens = Number(field("context"));
  return {
    ...standardSettings,
    rule,
    ...(isOnDial ? { [dial.field]: value } : {}),
    models: field("models"),
    exclude: field("exclude"),
    require: field("require")
      .split(",")
      .filter((name): name is Capability => capabilities.some((known) => known === name)),
    withKey: field("with_key") === "1",
    contextTokens: Number.isInteger(contextTokens) && contextTokens > 0 ? contextTokens : 0,
    ceiling: field("ceiling"),
  };
}

function parseTurns(json: string | null): Conversation["turns"] | undefined {
  let turns: unknown;
  try {
    turns = JSON.parse(json ?? "");
  } catch {
    return undefined;
  }
  return Array.isArray(turns) && turns.length > 0 && turns.every(isTurn) ? turns : undefined;
}

function isTurn(value: unknown): value is Conversation["turns"][number] {
  const { role, content } = (value ?? {}) as { readonly role?: Role; readonly content?: unknown };
  return roles.some((known) => known === role) && typeof content === "string";
}
