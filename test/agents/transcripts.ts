/** One thing that happens in a coding session. */
type Step =
  | { readonly kind: "asks"; readonly text: string }
  | {
      readonly kind: "calls";
      readonly tool: string;
      readonly input: Readonly<Record<string, string>>;
      readonly result: string;
      readonly failed: boolean;
      readonly hasImage: boolean;
    }
  | { readonly kind: "answers"; readonly text: string };

/** A session as it is written down, whichever surface it is held on. */
export interface Transcript {
  readonly name: string;
  readonly steps: readonly Step[];
}

interface Plan {
  readonly name: string;
  /** What the user says, by the turn before which it is said. */
  readonly says: Readonly<Record<number, string>>;
  /** Turns whose tool fails. */
  readonly fails?: readonly number[];
  /** The turn whose tool answers with a screenshot. */
  readonly image?: number;
  /** Lines of an average tool result. */
  readonly lines: number;
}

const TURNS = 40;

/** Six sessions of forty requests, written for this: small and large repositories, failing tests, a screenshot. */
export const plans: readonly Plan[] = [
  {
    name: "a wrong total",
    says: {
      0: "The invoice total is wrong when a discount and a tax apply at once. Find the bug and fix it.",
      22: "Good. Also cover the case that the discount is larger than the total.",
    },
    lines: 40,
  },
  {
    name: "failing tests",
    says: {
      0: "The tests of the date parser fail on leap years since yesterday. Find out why and mend it.",
      30: "Now write a line into the changelog.",
    },
    fails: [6, 7, 8, 15],
    lines: 60,
  },
  {
    name: "a new endpoint",
    says: {
      0: "Add an endpoint that lists a customer's orders, with pages of fifty, and tests for it.",
      12: "Sort them by date, the newest first.",
      25: "Please use the same error codes as the other endpoints.",
    },
    lines: 120,
  },
  {
    name: "a page that looks wrong",
    says: {
      0: "On narrow screens the menu covers the heading. Look at a screenshot and fix the style sheet.",
      28: "On wide screens the same, please.",
    },
    image: 9,
    lines: 30,
  },
  {
    name: "a large move",
    says: {
      0: "Move all database calls out of the handlers into a module of their own, without changing what they do.",
      18: "Keep the old names where tests use them.",
      33: "Run everything once more.",
    },
    fails: [20, 21, 22, 23, 24, 25],
    lines: 250,
  },
  {
    name: "a question first",
    says: {
      0: "hi",
      1: "How does this project decide which jobs to retry? Explain it, then make the limit configurable.",
      20: "And document it.",
    },
    lines: 80,
  },
];

export function transcriptOf({ name, says, fails = [], image, lines }: Plan): Transcript {
  const steps: Step[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const text = says[turn];
    if (text !== undefined) {
      if (turn > 0 && steps.at(-1)?.kind !== "answers")
        steps.push({ kind: "answers", text: "That is done." });
      steps.push({ kind: "asks", text });
    }
    if (turn === 0 && says[1] !== undefined) {
      steps.push({ kind: "answers", text: "Hello! What shall we do?" });
      continue;
    }
    const tool = ["read_file", "search", "edit_file", "run_tests"][turn % 4] as string;
    const failed = fails.includes(turn);
    steps.push({
      kind: "calls",
      tool,
      input: { path: `src/part-${turn}.ts`, why: "It is used where the fault shows." },
      result: failed
        ? `Error: command failed (exit code 1)\n${code(8, turn)}`
        : code(Math.round(lines * (0.4 + ((turn * 7) % 10) / 8)), turn),
      failed,
      hasImage: turn === image,
    });
  }
  return { name, steps };
}

/** So many lines of some code. */
function code(lines: number, from: number): string {
  return Array.from({ length: lines }, (_, k) => {
    const n = from * 31 + k;
    return `${String(k + 1).padStart(4)}  export const step${n} = (input: Row) => apply(input, "rule-${n % 17}", ${n % 5 === 0});`;
  }).join("\n");
}

/** What such a tool sends with every request: some 4,000 tokens of instructions, and its tools. */
const instructions = Array.from(
  { length: 160 },
  (_, k) =>
    `${k + 1}. Work in small steps. Read a file before you change it, and run the tests after each change.`,
).join("\n");
const reminder = "<system-reminder>\nThe list of things to do is empty.\n</system-reminder>";
const tools = ["read_file", "search", "edit_file", "run_tests", "list_files", "fetch"].map((name) => ({
  name,
  description: `Does what its name says: ${name.replace("_", " ")}. Paths are relative to the repository.`,
  schema: {
    type: "object",
    properties: { path: { type: "string" }, why: { type: "string" } },
    required: ["path"],
  },
}));
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==";

export type SurfacePath = "/v1/chat/completions" | "/v1/responses" | "/v1/messages";
/** A body without its model. */
export type Body = Readonly<Record<string, unknown>>;

/** The requests of a session on a surface, one for each answer that is written. */
export function requestsOf(transcript: Transcript, path: SurfacePath): readonly Body[] {
  return prefixesOf(transcript).map((steps) => bodies[path](steps));
}

/** The session as it was at each request. */
function prefixesOf({ steps }: Transcript): readonly (readonly Step[])[] {
  return steps.flatMap((step, k) => {
    // A call is the answer to what stands before it, and its result asks for the next.
    const isLast = k === steps.length - 1;
    const isRequest =
      step.kind === "asks" || (step.kind === "calls" && (isLast || steps[k + 1]?.kind !== "asks"));
    return isRequest ? [steps.slice(0, k + 1)] : [];
  });
}

const bodies: Readonly<Record<SurfacePath, (steps: readonly Step[]) => Body>> = {
  "/v1/chat/completions": (steps) => ({
    messages: [
      { role: "system", content: instructions },
      ...steps.flatMap((step, k): object[] => {
        if (step.kind === "asks") return [{ role: "user", content: `${reminder}\n${step.text}` }];
        if (step.kind === "answers") return [{ role: "assistant", content: step.text }];
        const call = { name: step.tool, arguments: JSON.stringify(step.input) };
        const image = { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } };
        return [
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: `call_${k}`, type: "function", function: call }],
          },
          { role: "tool", tool_call_id: `call_${k}`, content: step.result },
          ...(step.hasImage ? [{ role: "user", content: [{ type: "text", text: reminder }, image] }] : []),
        ];
      }),
    ],
    tools: tools.map(({ schema, ...tool }) => ({
      type: "function",
      function: { ...tool, parameters: schema },
    })),
  }),
  "/v1/responses": (steps) => ({
    instructions,
    store: false,
    input: steps.flatMap((step, k): object[] => {
      const text = (words: string) => [{ type: "input_text", text: words }];
      if (step.kind === "asks") {
        return [
          {
            type: "message",
            role: "user",
            content: text("<environment_context>\n<cwd>/repo</cwd>\n</environment_context>"),
          },
          { type: "message", role: "user", content: text(step.text) },
        ];
      }
      if (step.kind === "answers") {
        return [{ type: "message", role: "assistant", content: [{ type: "output_text", text: step.text }] }];
      }
      const image = { type: "input_image", image_url: `data:image/png;base64,${PIXEL}` };
      const output = `Exit code: ${step.failed ? 1 : 0}\nOutput:\n${step.result.replace(/^Error: .*\n/, "")}`;
      return [
        { type: "reasoning", summary: [], encrypted_content: "x".repeat(400) },
        {
          type: "function_call",
          call_id: `call_${k}`,
          name: step.tool,
          arguments: JSON.stringify(step.input),
        },
        {
          type: "function_call_output",
          call_id: `call_${k}`,
          output: step.hasImage ? [...text(output), image] : output,
        },
      ];
    }),
    tools: tools.map(({ schema, ...tool }) => ({ type: "function", ...tool, parameters: schema })),
  }),
  "/v1/messages": (steps) => ({
    max_tokens: 8000,
    system: [{ type: "text", text: instructions, cache_control: { type: "ephemeral" } }],
    messages: steps.flatMap((step, k): object[] => {
      const text = (words: string) => ({ type: "text", text: words });
      if (step.kind === "asks") return [{ role: "user", content: [text(reminder), text(step.text)] }];
      if (step.kind === "answers") return [{ role: "assistant", content: [text(step.text)] }];
      const source = { type: "base64", media_type: "image/png", data: PIXEL };
      const result = {
        type: "tool_result",
        tool_use_id: `toolu_${k}`,
        content: [
          text(step.result.replace(/^Error: .*\n/, "")),
          ...(step.hasImage ? [{ type: "image", source }] : []),
        ],
        is_error: step.failed,
      };
      return [
        {
          role: "assistant",
          content: [{ type: "tool_use", id: `toolu_${k}`, name: step.tool, input: step.input }],
        },
        { role: "user", content: [result, text(reminder)] },
      ];
    }),
    tools: tools.map(({ schema, ...tool }) => ({ ...tool, input_schema: schema })),
  }),
};
