import type { RouteRequestInput } from "../../client/index.ts";

export const languages = { curl: "curl", typescript: "TypeScript", python: "Python" } as const;
export type Language = keyof typeof languages;

export const purposes = { decide: "Decide only", complete: "Decide and answer" } as const;
export type Purpose = keyof typeof purposes;

interface Context {
  /** Where the Worker is, such as http://127.0.0.1:8787. */
  readonly origin: string;
  readonly body: RouteRequestInput;
  /** Whether access is closed. The key itself never gets into a snippet. */
  readonly withKey: boolean;
}

/** Code that asks what the page asked; with `complete`, through OpenAI's own client and the model `auto`. */
export function snippet(language: Language, purpose: Purpose, context: Context): string {
  return writers[purpose][language](context);
}

const writers: Readonly<Record<Purpose, Readonly<Record<Language, (context: Context) => string>>>> = {
  decide: {
    curl: ({ origin, body, withKey }) => curl(`${origin}/v1/route`, body, withKey),
    typescript: ({ origin, body, withKey }) =>
      [
        `import { connectSignalbox } from "signalbox/client";`,
        ``,
        `const signalbox = connectSignalbox({`,
        `  baseUrl: "${origin}",`,
        ...(withKey ? ["  apiKey: process.env.SIGNALBOX_KEY,"] : []),
        `});`,
        `const { model, p_correct } = await signalbox.route(${json(body)});`,
        `console.log(model, p_correct);`,
      ].join("\n"),
    python: ({ origin, body, withKey }) =>
      [
        ...(withKey ? ["import os", ""] : []),
        `import requests`,
        ``,
        `decision = requests.post(`,
        `    "${origin}/v1/route",`,
        ...(withKey ? [`    headers={"Authorization": f"Bearer {os.environ['SIGNALBOX_KEY']}"},`] : []),
        `    json=${indent(pythonLiteral(body), 4)},`,
        `).json()`,
        `print(decision["model"], decision["p_correct"])`,
      ].join("\n"),
  },
  complete: {
    curl: ({ origin, body, withKey }) => {
      const { messages, options } = chatOf(body);
      return curl(`${origin}/v1/chat/completions`, { model: "auto", messages, ...extra(options) }, withKey);
    },
    typescript: ({ origin, body, withKey }) => {
      const { messages, options } = chatOf(body);
      return [
        `import OpenAI from "openai";`,
        ``,
        `const client = new OpenAI({`,
        `  baseURL: "${origin}/v1",`,
        `  apiKey: ${withKey ? "process.env.SIGNALBOX_KEY" : `"none"`},`,
        `});`,
        `const completion = await client.chat.completions.create({`,
        `  model: "auto",`,
        `  messages: ${indent(json(messages), 2)},`,
        ...(isEmpty(options)
          ? []
          : ["  // @ts-expect-error Signalbox's own field", `  signalbox: ${indent(json(options), 2)},`]),
        `});`,
        `console.log(completion.model, completion.choices[0]?.message.content);`,
      ].join("\n");
    },
    python: ({ origin, body, withKey }) => {
      const { messages, options } = chatOf(body);
      return [
        ...(withKey ? ["import os", ""] : []),
        `from openai import OpenAI`,
        ``,
        `client = OpenAI(`,
        `    base_url="${origin}/v1",`,
        `    api_key=${withKey ? `os.environ["SIGNALBOX_KEY"]` : `"none"`},`,
        `)`,
        `completion = client.chat.completions.create(`,
        `    model="auto",`,
        `    messages=${indent(pythonLiteral(messages), 4)},`,
        ...(isEmpty(options) ? [] : [`    extra_body={"signalbox": ${indent(pythonLiteral(options), 4)}},`]),
        `)`,
        `print(completion.model, completion.choices[0].message.content)`,
      ].join("\n");
    },
  },
};

function curl(url: string, body: object, withKey: boolean): string {
  return [
    `curl ${url}`,
    ...(withKey ? [`-H "authorization: Bearer $SIGNALBOX_KEY"`] : []),
    `-H 'content-type: application/json'`,
    // In single quotes a shell leaves everything alone but the single quote itself.
    `-d '${json(body).replaceAll("'", `'\\''`)}'`,
  ].join(" \\\n  ");
}

function chatOf({ prompt, messages, ...options }: RouteRequestInput) {
  return { messages: messages ?? [{ role: "user", content: prompt ?? "" }], options };
}

function extra(options: object): object {
  return isEmpty(options) ? {} : { signalbox: options };
}

function isEmpty(options: object): boolean {
  return Object.keys(options).length === 0;
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function indent(text: string, by: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(by)}`);
}

/** JSON is Python but for its three words, which strings may hold too. */
function pythonLiteral(value: unknown): string {
  const words: Readonly<Record<string, string>> = { true: "True", false: "False", null: "None" };
  return JSON.stringify(value, null, 4).replace(
    /"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g,
    (token) => words[token] ?? token,
  );
}
