/** Where a tool is to find Signalbox. */
export interface Destination {
  /** Without path. */
  readonly url: string;
  readonly key: string;
  /** `auto`, with options behind a colon where there are some, or a model's name. */
  readonly model: string;
}

/** What starts a tool so that it asks Signalbox. */
export interface Launch {
  /** Set for it; an empty one keeps the tool from using what the shell has. */
  readonly environment: Readonly<Record<string, string>>;
  /** Before the caller's own. */
  readonly args: readonly string[];
}

interface Tool {
  /** How it is called where it is installed. */
  readonly command: string;
  readonly install: string;
  /** The surface that it asks on. */
  readonly surface: "chat" | "responses" | "messages";
  readonly launch: (destination: Destination) => Launch;
}

/** The variable that Codex and OpenCode are told to read the key from. */
const KEY_VARIABLE = "SIGNALBOX_KEY";

const AUTO = /^auto(?=$|:)/;

/** What tools ask for titles and summaries: with any of the rules the cheapest is enough. */
function smallModel(model: string): string {
  return AUTO.test(model) ? "auto:tolerance=1" : model;
}

/** Coding tools, and how each takes another address, key and model. */
export const tools = {
  claude: {
    command: "claude",
    install: "npm install -g @anthropic-ai/claude-code",
    surface: "messages",
    launch: ({ url, key, model }) => {
      // It checks names: those of Signalbox begin with `claude` here.
      const [name, small] = [model, smallModel(model)].map((each) => each.replace(AUTO, "claude-auto")) as [
        string,
        string,
      ];
      return {
        environment: {
          ANTHROPIC_BASE_URL: url,
          ANTHROPIC_AUTH_TOKEN: key,
          // One that the shell has would win over the token.
          ANTHROPIC_API_KEY: "",
          ANTHROPIC_MODEL: name,
          ANTHROPIC_DEFAULT_OPUS_MODEL: name,
          ANTHROPIC_DEFAULT_SONNET_MODEL: name,
          ANTHROPIC_DEFAULT_HAIKU_MODEL: small,
        },
        args: [],
      };
    },
  },
  codex: {
    command: "codex",
    install: "npm install -g @openai/codex",
    surface: "responses",
    launch: ({ url, key, model }) => ({
      environment: { [KEY_VARIABLE]: key },
      args: [
        ["model", model],
        ["model_provider", "signalbox"],
        ["model_providers.signalbox.name", "Signalbox"],
        ["model_providers.signalbox.base_url", `${url}/v1`],
        ["model_providers.signalbox.env_key", KEY_VARIABLE],
        ["model_providers.signalbox.wire_api", "responses"],
        // A value of its -c is TOML, and a JSON string is one.
      ].flatMap(([name, value]) => ["-c", `${name}=${JSON.stringify(value)}`]),
    }),
  },
  opencode: {
    command: "opencode",
    install: "npm install -g opencode-ai",
    surface: "chat",
    launch: ({ url, key, model }) => ({
      environment: {
        [KEY_VARIABLE]: key,
        OPENCODE_CONFIG_CONTENT: JSON.stringify({
          model: `signalbox/${model}`,
          small_model: `signalbox/${smallModel(model)}`,
          provider: {
            signalbox: {
              npm: "@ai-sdk/openai-compatible",
              name: "Signalbox",
              options: { baseURL: `${url}/v1`, apiKey: `{env:${KEY_VARIABLE}}` },
              models: Object.fromEntries(
                [model, smallModel(model)].map((name) => [name, { name, tool_call: true, attachment: true }]),
              ),
            },
          },
        }),
      },
      args: [],
    }),
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;
export const toolNames = Object.keys(tools) as readonly ToolName[];
