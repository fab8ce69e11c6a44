import * as fc from "fast-check";
import { kvKeys } from "../../src/contract/pointer.ts";
import { healthCheck } from "./conversation.ts";
import { type Step, step } from "./good-commands.ts";
import { moods, providerNames } from "./providers.ts";

// Longer than any check of KV that may be under way.
const NOTICED_MS = 36_000;

const publishes = fc.nat(3).map((which) =>
  step(`the operator publishes ${which}`, async (conversation) => {
    await conversation.inBoth(async (world) => {
      world.put(kvKeys.active, world.published.pointers[which] as Uint8Array);
      await world.clock.passTo(world.clock.now + NOTICED_MS);
      for (let k = 0; k < 2; k++) await world.ask(healthCheck);
    });
  }),
);

const breaks = fc
  .oneof(
    fc.tuple(fc.constantFrom("limiter", "database", "kv"), fc.constantFrom("none", "none", "fails", "hangs")),
    fc.tuple(fc.constant("analytics"), fc.constantFrom("none", "fails")),
  )
  .map(([part, fault]) =>
    step(`${part}: ${fault}`, async (conversation) => {
      if (part === "database" && fault !== "none") conversation.databaseFailed = true;
      await conversation.inBoth(async (world) => {
        Object.assign(world.faults, { [part]: fault } satisfies Partial<Record<string, string>>);
        await world.clock.passTo(world.clock.now + NOTICED_MS);
        for (let k = 0; k < 2; k++) await world.ask(healthCheck);
      });
    }),
  );

const turns = fc
  .tuple(
    fc.constantFrom(...providerNames),
    fc.oneof({ weight: 2, arbitrary: fc.constant("answer" as const) }, fc.constantFrom(...moods)),
  )
  .map(([name, mood]) =>
    step(`${name} does "${mood}" with everybody`, (conversation) =>
      conversation.inBoth(({ providers }) => {
        providers.moods[name] = mood;
      }),
    ),
  );

const passes = fc
  .constantFrom(100, 5_000, 16_000, 31_000, 121_000, 600_000)
  .map((ms) =>
    step(`${ms / 1000} seconds pass`, (conversation) =>
      conversation.inBoth(({ clock }) => clock.passTo(clock.now + ms)),
    ),
  );

export const operatorCommands: fc.Arbitrary<Step>[] = [publishes, breaks, turns, turns, passes, passes];
