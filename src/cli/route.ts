import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { choiceRule, routeOptionsSchema, ruleFields } from "../contract/options.ts";
import { parseWith } from "../contract/parse.ts";
import { questionOf } from "../contract/question.ts";
import { loadPredictor } from "../core/bundle.ts";
import { catalogueWithoutPrices } from "../core/catalogue.ts";
import type { Decision } from "../core/decide.ts";
import type { Predictor } from "../core/predictor.ts";
import { ok } from "../core/result.ts";
import type { LocalEncoder } from "../embedding/embed-texts.ts";
import type { Encoder } from "../encoder/encoder.ts";
import { decideQuestion } from "../router/decision.ts";
import { createStopwatch } from "../router/stopwatch.ts";
import { bundledEncoderDirectory, bundledRouterDirectory, openEncoder } from "./encoder.ts";
import { CommandFailure, unwrap, WrongUsage } from "./failure.ts";
import { print } from "./output.ts";
import { parseNames } from "./parse-names.ts";
import { parsePositive, parseShare } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
import { bundlePath, readCatalogueOf } from "./router-folder.ts";
import { formatTable } from "./table.ts";
import { paint, textWidth, wrap } from "./terminal.ts";

interface RouteCommandOptions {
  readonly bundle: string;
  readonly prompt?: string;
  readonly file?: string;
  readonly encoder: string;
  readonly cache: string;
  readonly models?: readonly string[];
  readonly exclude?: readonly string[];
  readonly maxUsd?: number;
  readonly json?: boolean;
}

/** An option for each choice rule but quality, which is what is chosen by where none is given. */
const ruleOptions = Object.values(ruleFields).flatMap(({ field, value, chooses }) => {
  if (value === "quality") return [];
  const option = new Option(`--${field.replaceAll("_", "-")} <${value}>`, chooses);
  return [{ field, option: option.argParser(value === "usd" ? parsePositive : parseShare) }];
});

/** `route`: decisions without a Worker, by the same code. */
export function registerRoute(program: Command): void {
  const command = program
    .command("route")
    .description("decide offline, by the same code as the Worker")
    .option("--bundle <dir>", "folder that `train` wrote", bundledRouterDirectory)
    .option("--prompt <text>", "one prompt")
    .option("--file <prompts>", "every prompt of a file: .txt with one a line, or JSON lines with `prompt`")
    .option("--models <patterns>", "only these models (comma between, * stands for anything)", parseNames)
    .option("--exclude <patterns>", "none of these models", parseNames)
    .option("--max-usd <usd>", "no model that is expected to cost more", parsePositive)
    .option("--encoder <dir>", "encoder to embed with", bundledEncoderDirectory)
    .option("--cache <dir>", "where embeddings of --file are kept", ".signalbox/embeddings")
    .option("--json", "one JSON line a prompt")
    .addHelpText(
      "after",
      '\nExamples:\n  signalbox route --prompt "Integrate x^2 e^x."\n  signalbox route --file prompts.txt\n  signalbox route --file results.jsonl --spend 0.3 --json',
    )
    .action(route);
  for (const { option } of ruleOptions) command.addOption(option);
}

async function route(options: RouteCommandOptions): Promise<void> {
  if ((options.prompt === undefined) === (options.file === undefined)) {
    throw new WrongUsage("give either --prompt or --file");
  }
  if (options.prompt?.trim() === "") throw new WrongUsage("--prompt is empty: there is nothing to decide on");
  const parsed = parseWith(routeOptionsSchema, toRouteOptions(options), "wrong_usage");
  if (!parsed.ok) throw new WrongUsage(parsed.failure.message);
  const rule = choiceRule(parsed.value);
  if (!rule.ok) throw new WrongUsage(rule.failure.message);
  const bundle = await readFile(bundlePath(options.bundle));
  const predictor = unwrap(loadPredictor(bundle));
  const ownCatalogue = (await readCatalogueOf(options.bundle))?.catalogue;
  const catalogue = ownCatalogue ?? catalogueWithoutPrices(predictor.models);
  const priced = ownCatalogue !== undefined;
  const encoder = await openEncoder(options.encoder, options.file === undefined ? "few texts" : "many texts");
  checkEncoder(predictor, encoder);
  const prompts = await embedPrompts(encoder, options);
  const parts = { predictor, catalogue, encoder, taskProfile: async () => ok(undefined) };
  for (const { id, prompt, embedding } of prompts) {
    const question = unwrap(questionOf(parsed.value, { said: prompt }));
    const surroundings = {
      owner: "",
      embeddings: { embed: async () => ({ embedding, hit: true }) },
      stopwatch: createStopwatch(() => 0),
    };
    const { decision } = unwrap(await decideQuestion(question, parts, surroundings));
    print(options.json ? toJson(id, decision, priced) : toText(id, decision, priced));
  }
}

/** The options of the command as fields of a request. */
function toRouteOptions(options: RouteCommandOptions): Readonly<Record<string, unknown>> {
  const { models, exclude, maxUsd } = options;
  const rules = ruleOptions.map(({ field, option }) => [
    field,
    (options as unknown as Record<string, unknown>)[option.attributeName()],
  ]);
  return { models, exclude, max_usd: maxUsd, ...Object.fromEntries(rules) };
}

interface EmbeddedPrompt {
  readonly id: string;
  readonly prompt: string;
  readonly embedding: Float32Array;
}

async function embedPrompts(
  encoder: LocalEncoder,
  options: RouteCommandOptions,
): Promise<readonly EmbeddedPrompt[]> {
  const { prompt, file } = options;
  if (prompt !== undefined) return [{ id: "prompt", prompt, embedding: await encoder.embed(prompt) }];
  const { embedRecords } = await import("../training/load-dataset.ts");
  const { readPlainPrompts } = await import("../training/task-prompts.ts");
  const records = unwrap(await readPlainPrompts(file as string));
  const progress = startProgress("embedding");
  const embeddings = await embedRecords(records, encoder, options.cache, progress.update);
  progress.end();
  return records.map(({ id, prompt }, k) => ({ id, prompt, embedding: embeddings[k] as Float32Array }));
}

function checkEncoder(predictor: Predictor, encoder: Encoder): void {
  if (predictor.encoder.checksum === encoder.checksum) return;
  throw new CommandFailure({
    code: "encoder_mismatch",
    message: `the bundle was trained on encoder ${predictor.encoder.id} ${predictor.encoder.checksum.slice(0, 12)}, this is ${encoder.id} ${encoder.checksum.slice(0, 12)}; train again or name the right --encoder`,
  });
}

function toJson(id: string, { model, reason, ranking }: Decision, priced: boolean): string {
  const by = (key: "pCorrect" | "expectedUsd") =>
    Object.fromEntries(ranking.map((candidate) => [candidate.model, candidate[key]]));
  return JSON.stringify({
    id,
    model,
    p_correct: by("pCorrect"),
    ...(priced ? { expected_usd: by("expectedUsd") } : {}),
    reason,
  });
}

const SHOWN = 5;

function toText(id: string, decision: Decision, priced: boolean): string {
  const { model, reason, familiarity, ranking, nearestTasks } = decision;
  const columns = [
    { title: "p(correct)", isNumber: true },
    ...(priced ? [{ title: "expected USD", isNumber: true }] : []),
    { title: "model" },
  ];
  const lines = formatTable(
    columns,
    ranking
      .slice(0, SHOWN)
      .map(({ pCorrect, expectedUsd, model }) => [
        pCorrect.toFixed(3),
        ...(priced ? [expectedUsd.toFixed(6)] : []),
        model,
      ]),
  );
  const like = nearestTasks.map(({ task, similarity }) => `${task} ${similarity.toFixed(2)}`).join(", ");
  return [
    ...wrap(
      `${id}: ${paint("bold", model)} (${reason}; familiarity ${familiarity.toFixed(2)}; looks like ${like})`,
      textWidth(),
    ),
    ...lines,
    ...(ranking.length > SHOWN ? [paint("dim", `  and ${ranking.length - SHOWN} more; --json has all`)] : []),
  ].join("\n");
}
