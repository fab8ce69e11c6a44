import { createApiKey } from "../../src/contract/api-key.ts";
import type { KeyLimits } from "../../src/contract/key-limits.ts";

/** Who asks with a key: two who mean well, one of them bounded, and one who does not. */
export const goodCallers = ["alice", "bob"] as const;
export type GoodCaller = (typeof goodCallers)[number];
export const HOSTILE = "mallory";

export const bounds: KeyLimits = {
  models: ["small", "middle"],
  maxUsd: 0.01,
  maxTokens: 100,
  maxAnswers: 2,
  fields: ["temperature"],
  promptsPerMinute: 40,
};

/** Keys of providers: with characters that encodings change. */
export const providerKeys = {
  ONE_KEY: "sk-one/7f3Qe+9vLw2Zr8Tn==",
  TWO_KEY: "two.key_0aB1cD2eF3gH4iJ5kL6",
  GUEST_KEY: "guest~operators$own!key-8842",
} as const;
export const DECISION_SECRET = "the-secret-of-decisions-0123456789abcdef";

/** What a caller sends to the provider that takes callers' own keys. */
export const ownAuthorization = (name: string) =>
  `Bearer pk-${[...name].map((letter) => letter.charCodeAt(0) * 7919).join("")}-of-an-own-account`;

export interface Person {
  readonly key: string;
  readonly record: string;
}

/** Their API keys, the same in every run; the hostile one has the bounded caller's limits, or none. */
export async function people(hostileIsBounded: boolean): Promise<Readonly<Record<string, Person>>> {
  let state = 1;
  const bytes = (count: number) =>
    Uint8Array.from({ length: count }, () => {
      state = (state * 48271) % 2147483647;
      return state & 255;
    });
  const made: Record<string, Person> = {};
  for (const name of [...goodCallers, HOSTILE]) {
    const isBounded = name === "bob" || (name === HOSTILE && hostileIsBounded);
    const created = await createApiKey(name, bytes, ["route", "chat", "feedback"], isBounded ? bounds : {});
    if (!created.ok) throw new Error(created.failure.message);
    made[name] = created.value;
  }
  return made;
}

/** A secret, and every form of it that nobody but its owner may see. */
export interface Secret {
  readonly name: string;
  readonly forms: readonly string[];
}

export function secretsOf(persons: Readonly<Record<string, Person>>): readonly Secret[] {
  const whole: readonly (readonly [string, string])[] = [
    ...Object.entries(providerKeys),
    ["DECISION_SECRET", DECISION_SECRET],
    ...Object.entries(persons).flatMap(([name, { key, record }]): (readonly [string, string])[] => [
      [`the key of ${name}`, key],
      [`the hash of ${name}`, record.split(":")[2] as string],
    ]),
    ...[...goodCallers, HOSTILE].map((name) => [`own:${name}`, ownAuthorization(name).slice(7)] as const),
  ];
  return whole.map(([name, text]) => ({ name, forms: formsOf(text) }));
}

/** Written here anew, so that the Worker's own list of forms is tested and not trusted. */
function formsOf(text: string): readonly string[] {
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before, "x"), Buffer.from(text), Buffer.alloc(3, "x")])
      .toString("base64")
      .slice(4, -8),
  );
  const forms = [text, text.replaceAll("/", "\\/"), encodeURIComponent(text), ...base64];
  return [...new Set([...forms, ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))])];
}
