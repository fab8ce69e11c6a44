import type * as v from "valibot";
import { batchRequestSchema } from "../../src/contract/batch.ts";
import { catalogueSchema } from "../../src/contract/catalogue.ts";
import { chatRequestSchema } from "../../src/contract/chat.ts";
import { feedbackRequestSchema } from "../../src/contract/feedback.ts";
import { pointerSchema } from "../../src/contract/pointer.ts";
import { routeRequestSchema } from "../../src/contract/route.ts";
import { routeTaskRequestSchema } from "../../src/contract/route-task.ts";
import { taskProfileSchema } from "../../src/contract/task-profile.ts";

type Path = readonly string[];

interface Subject {
  readonly schema: v.GenericSchema;
  /** Valid, with something in every array and record that the schema has. */
  readonly example: unknown;
}

const sha256 = "0".repeat(64);
const routeOptions = { models: ["a"], exclude: ["b"] };
const messages = [{ role: "user", content: [{ type: "text", text: "x" }], tool_calls: [{}] }];
const route = { messages, tools: [{}], ...routeOptions };
const live = { bundle: sha256, catalogue: sha256, encoder: sha256, published_at: "2026-01-01" };

/** What strangers send and what stands in KV. */
export const subjects: Readonly<Record<string, Subject>> = {
  route: { schema: routeRequestSchema, example: route },
  batch: { schema: batchRequestSchema, example: { requests: [route] } },
  task: {
    schema: routeTaskRequestSchema,
    example: { prompts: [{ prompt: "x", outcomes: { a: 1 } }] },
  },
  chat: {
    schema: chatRequestSchema,
    example: { model: "auto", messages, tools: [{}], signalbox: routeOptions },
  },
  feedback: { schema: feedbackRequestSchema, example: { decision: "dec_", score: 1 } },
  pointer: { schema: pointerSchema, example: { format_version: 1, ...live, previous: [live] } },
  "task profile": {
    schema: taskProfileSchema,
    example: {
      format_version: 1,
      name: "t",
      bundle: sha256,
      model: "a",
      prompts: 1,
      labelled: 1,
      scores: { a: { s1: 1, s2: 1, posterior: 1, labels: 1 } },
    },
  },
  catalogue: {
    schema: catalogueSchema,
    example: {
      format_version: 1,
      prices_as_of: "2026-01-01",
      providers: { p: { base_url: "https://p.example/v1", key_name: "P_KEY", surfaces: { chat: {} } } },
      models: {
        a: {
          aliases: ["b"],
          provider: "p",
          upstream: "a",
          usd_per_million_tokens: {
            input: 1,
            output: 1,
            tiers: [{ above_input_tokens: 1, input: 1, output: 1 }],
          },
          context_tokens: 1,
          max_output_tokens: 1,
          capabilities: ["json"],
          also_at: [{ provider: "p", upstream: "b" }],
          variants: { low: { aliases: ["c"], request: { reasoning_effort: "low" } } },
          accepts: {
            parameters: { rename: { a: "b" }, drop: ["c"], refuse: ["d"] },
            roles: { rename: { system: "developer" }, refuse: ["system"] },
          },
        },
      },
    },
  },
};

/** Where a schema has arrays and records; `*` stands for any item. */
export function collectionsOf(schema: v.GenericSchema, path: Path = []): readonly Path[] {
  // Valibot's own shapes, of which only what is looked at is named.
  const inside = schema as unknown as {
    readonly type: string;
    readonly entries?: Readonly<Record<string, v.GenericSchema>>;
    readonly wrapped?: v.GenericSchema;
    readonly options?: readonly v.GenericSchema[];
    readonly item?: v.GenericSchema;
    readonly value?: v.GenericSchema;
  };
  if (inside.type === "array")
    return [path, ...collectionsOf(inside.item as v.GenericSchema, [...path, "*"])];
  if (inside.type === "record")
    return [path, ...collectionsOf(inside.value as v.GenericSchema, [...path, "*"])];
  if (inside.type === "union") return (inside.options ?? []).flatMap((option) => collectionsOf(option, path));
  if (inside.wrapped !== undefined) return collectionsOf(inside.wrapped, path);
  return Object.entries(inside.entries ?? {}).flatMap(([name, entry]) =>
    collectionsOf(entry, [...path, name]),
  );
}

/** JSON text with the array or record at `path` filled up to so many values, the rest as in the example. */
export function fillAt(example: unknown, path: Path, item: string, count: number): string {
  const [step, ...rest] = path;
  if (step === undefined) {
    if (Array.isArray(example)) return `[${new Array(count).fill(item).join(",")}]`;
    return `{${Array.from({ length: count }, (_, k) => `"m${k}":${item}`).join(",")}}`;
  }
  if (Array.isArray(example)) return `[${fillAt(example[0], rest, item, count)}]`;
  const entries = Object.entries(example as object).map(([name, value], index) => {
    const isOnPath = step === "*" ? index === 0 : name === step;
    return `${JSON.stringify(name)}:${isOnPath ? fillAt(value, rest, item, count) : JSON.stringify(value)}`;
  });
  return `{${entries.join(",")}}`;
}

/** What stands at `path` in the example; undefined where nothing does. */
export function valueAt(example: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null) return undefined;
    return step === "*" ? Object.values(value)[0] : (value as Record<string, unknown>)[step];
  }, example);
}
