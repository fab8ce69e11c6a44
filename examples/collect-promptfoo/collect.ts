import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { estimate, needBudget } from "./budget.ts";
import { readModels } from "./catalogue.ts";
import { type Brief, instructionsFor, makePrompts } from "./make-prompts.ts";
import { promptfooConfig } from "./promptfoo-config.ts";
import { readPrompts } from "./prompts.ts";

// From prompts to outcomes with promptfoo: docs/collect.md.
const USAGE = `node collect.ts make brief.json --model <id> --out prompts.jsonl [--count 100]
node collect.ts plan prompts.jsonl --models <ids>      what it would cost, and promptfooconfig.json
node collect.ts run prompts.jsonl --models <ids>       the same, then promptfoo, then outcomes.jsonl
options: --catalogue <file> --max-usd 1 --answer-tokens 300 --grader <id> --task <name> --out <file>`;

const clone = fileURLToPath(new URL("../..", import.meta.url));
const ownCommand = `${clone}src/cli/main.ts`;
/** promptfoo as npx finds or fetches it; PROMPTFOO names another command. */
const promptfoo = process.env["PROMPTFOO"]?.split(" ") ?? ["npx", "--yes", "promptfoo@0.121"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    catalogue: { type: "string", default: `${clone}models/default/catalogue.json` },
    models: { type: "string", default: "" },
    model: { type: "string", default: "" },
    grader: { type: "string" },
    task: { type: "string", default: "collected" },
    count: { type: "string", default: "100" },
    "max-usd": { type: "string", default: "1" },
    "answer-tokens": { type: "string", default: "300" },
    out: { type: "string" },
  },
});
const maxUsd = Number(values["max-usd"]);
const answerTokens = Number(values["answer-tokens"]);

async function make(file: string): Promise<void> {
  const brief: Brief = JSON.parse(await readFile(file, "utf8"));
  const [model] = await readModels(values.catalogue, [values.model]);
  if (model === undefined) throw new Error(USAGE);
  const count = Number(values.count);
  // Each request repeats what was made before, and is answered with some 60 tokens a prompt.
  const requests = Math.ceil(count / 20);
  const text = instructionsFor(brief, []) + "x".repeat(40 * count);
  needBudget(estimate([model], new Array(requests).fill(text), 20 * 60), maxUsd);
  const key = process.env[model.keyName];
  if (!key) throw new Error(`${model.id} needs ${model.keyName} in the environment`);
  const made = await makePrompts(brief, model, count, key);
  const out = values.out ?? "prompts.jsonl";
  await appendFile(out, made.map((prompt) => `${JSON.stringify(prompt)}\n`).join(""));
  console.log(
    `${made.length} prompts, made by ${model.id} and marked so, are at the end of ${out}. Read them.`,
  );
}

async function plan(file: string): Promise<void> {
  const prompts = await readPrompts(file);
  const models = await readModels(values.catalogue, values.models.split(",").filter(Boolean));
  if (models.length < 2)
    throw new Error(`--models needs at least two, or there is nothing to choose from\n${USAGE}`);
  const [grader] = values.grader === undefined ? [] : await readModels(values.catalogue, [values.grader]);
  const graded = prompts.filter(({ rubric, expected, assert }) => rubric && !expected && !assert);
  const texts = prompts.map(({ prompt }) => prompt);
  const answers = estimate(models, texts, answerTokens);
  // The grader reads prompt, rubric and answer, of every model.
  const grades =
    grader === undefined
      ? { usd: 0, lines: [] }
      : estimate(
          [{ ...grader, id: `${grader.id} as grader` }],
          models.flatMap(() =>
            graded.map(({ prompt, rubric }) => `${prompt}${rubric}${"x".repeat(4 * answerTokens)}`),
          ),
          100,
        );
  console.error(`${prompts.length} prompts, ${models.length} models:`);
  needBudget({ usd: answers.usd + grades.usd, lines: [...answers.lines, ...grades.lines] }, maxUsd);
  const missing = [...new Set([...models, ...(grader ? [grader] : [])].map(({ keyName }) => keyName))].filter(
    (name) => !process.env[name],
  );
  if (missing.length > 0) console.error(`not in the environment yet: ${missing.join(", ")}`);
  const config = promptfooConfig(prompts, models, { task: values.task, grader });
  await writeFile("promptfooconfig.json", `${JSON.stringify(config, null, 2)}\n`);
  console.log("promptfooconfig.json is written.");
}

async function run(file: string): Promise<void> {
  await plan(file);
  const [command = "npx", ...args] = promptfoo;
  const evaluation = spawn(command, [...args, "eval", "-c", "promptfooconfig.json", "-o", "results.json"], {
    stdio: ["ignore", 2, 2],
  });
  const code = await new Promise((resolve, reject) => evaluation.on("error", reject).on("close", resolve));
  // promptfoo ends with 100 where some answers were wrong, which is what they are asked for.
  if (code !== 0 && code !== 100)
    throw new Error(`promptfoo ended with ${code}; what it wrote is in results.json`);
  const out = values.out ?? "outcomes.jsonl";
  const signalbox = existsSync(ownCommand) ? [process.execPath, ownCommand] : ["npx", "signalbox"];
  const [program = "", ...before] = signalbox;
  const importing = ["import", "promptfoo", "results.json", "--task", values.task, "--out", out];
  const { stdout } = await promisify(execFile)(program, [...before, ...importing]);
  await markMade(file, out);
  process.stdout.write(stdout);
}

/** Prompts that a model made are a task of their own, so that figures on real ones stay apart. */
async function markMade(prompts: string, outcomes: string): Promise<void> {
  const makers = new Map((await readPrompts(prompts)).map(({ prompt, made_by }) => [prompt, made_by]));
  const lines = (await readFile(outcomes, "utf8")).trimEnd().split("\n");
  const marked = lines.map((line) => {
    const record = JSON.parse(line);
    const maker = makers.get(record.prompt);
    return maker === undefined
      ? line
      : JSON.stringify({ ...record, task: `${record.task}-made`, made_by: maker });
  });
  await writeFile(outcomes, `${marked.join("\n")}\n`);
}

const commands: Readonly<Record<string, (file: string) => Promise<void>>> = { make, plan, run };
const [name = "", file] = positionals;
try {
  if (commands[name] === undefined || file === undefined) throw new Error(USAGE);
  await commands[name](file);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
