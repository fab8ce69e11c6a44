import type { IsAnswer } from "./opening.ts";

/** What can be asked of a provider: the form of request and answer, and where under its address it is asked. */
export const surfaces = {
  chat: {
    path: "/chat/completions",
    isAnswer: ({ choices }) => Array.isArray(choices) && choices.length > 0,
  },
} as const satisfies Record<string, { readonly path: string; readonly isAnswer: IsAnswer }>;

export type Surface = keyof typeof surfaces;
