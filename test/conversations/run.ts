import { parseArgs } from "node:util";
import { runConversations } from "./run-conversations.ts";

// `npm run model-test`: hostile conversations until so many requests were made. Ends with 1 where an invariant broke.
const help = `npm run model-test -- [options]
  --requests <n>    to make (default 1000000)
  --seed <n>        of the first conversation (default: the time)
  --path <path>     and
  --commands <path> replay one counterexample: "path" and "replayPath" of what was printed, with its seed`;

const { values: options } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    path: { type: "string" },
    commands: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const [requests, seed] = [Number(options.requests), Number(options.seed)];
if (options.help || !(requests > 0) || !Number.isInteger(seed)) {
  console.log(help);
  process.exit(options.help ? 0 : 2);
}

const begun = performance.now();
const seconds = () => (performance.now() - begun) / 1000;
let told = 0;
const replay = {
  seed,
  ...(options.path === undefined ? {} : { path: options.path }),
  ...(options.commands === undefined ? {} : { commands: options.commands }),
};
console.log(`seed ${seed}, ${requests} requests`);
try {
  const asked = await runConversations(replay, requests, (sofar, conversations) => {
    if (seconds() - told < 10) return;
    told = seconds();
    console.log(
      `${sofar} requests in ${conversations} conversations, ${Math.round(sofar / told)} a second, all invariants held`,
    );
  });
  console.log(`${asked} requests in ${Math.round(seconds())} s, all invariants held.`);
} catch (error) {
  const { message, cause } = error as Error;
  console.error(
    `An invariant broke.\n${message}\n\n${cause instanceof Error ? cause.message : String(cause)}`,
  );
  process.exitCode = 1;
}
