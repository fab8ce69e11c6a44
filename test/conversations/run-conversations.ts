import * as fc from "fast-check";
import { Conversation } from "./conversation.ts";
import { goodCommands } from "./good-commands.ts";
import { hostileCommands } from "./hostile-commands.ts";
import { operatorCommands } from "./operator-commands.ts";
import { people } from "./people.ts";
import { makePublished } from "./published.ts";
import { installVirtualTime } from "./virtual-time.ts";

export interface Replay {
  readonly seed: number;
  readonly path?: string;
  /** Which commands of the counterexample were run: `replayPath` in its text. */
  readonly commands?: string;
}

const MOST_COMMANDS = 1000;

/**
 * Conversations with the seed, until there were so many requests; each is a list of what callers, providers and the
 * operator do. Resolves to the number of requests, or rejects with the shortest conversation that broke an invariant.
 */
export async function runConversations(
  { seed, path, commands: replayPath }: Replay,
  requests: number,
  onProgress: (requests: number, conversations: number) => void = () => undefined,
): Promise<number> {
  const published = await makePublished();
  const everybody = await Promise.all([people(false), people(true)]);
  const { fetch } = globalThis;
  const { log } = console;
  const restore = installVirtualTime();
  let asked = 0;
  let conversations = 0;
  const steps = fc.commands([...goodCommands, ...hostileCommands, ...operatorCommands], {
    maxCommands: MOST_COMMANDS,
    size: "max",
    ...(replayPath === undefined ? {} : { replayPath }),
  });
  const property = fc.asyncProperty(fc.boolean(), steps, async (hostileIsBounded, commands) => {
    const persons = everybody[hostileIsBounded ? 1 : 0];
    const conversation = new Conversation(persons, hostileIsBounded, published);
    try {
      await conversation.begin();
      await fc.asyncModelRun(() => ({ model: conversation, real: conversation }), commands);
      await conversation.end();
    } finally {
      asked += conversation.main.requests;
      conversations++;
    }
  });
  try {
    for (let round = 0; asked < requests; round++) {
      const one = path === undefined ? { seed: seed + round } : { seed, path, endOnFailure: true };
      await fc.assert(property, { numRuns: 1, ...one });
      console.log = log;
      onProgress(asked, conversations);
      if (path !== undefined) break;
    }
    return asked;
  } finally {
    restore();
    console.log = log;
    globalThis.fetch = fetch;
  }
}
