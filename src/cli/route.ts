import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { parseCatalogue } from "../contract/catalogue.ts";
import { choiceRule, type RequestedRule } from "../contract/options.ts";
import { loadPredictor } from "../core/bundle.ts";
import { type Catalogue, catalogueWithoutPrices } from "../core/catalogue.ts";
import { type Decision, type DecisionRequest, decide } from "../core/decide.ts";
import type { Predictor } from "../core/predictor.ts";
import { dayOf } from "../core/service-life.ts";
import type { LocalEncoder } from "../embedding/embed-texts.ts";
import type { Encoder } from "../encoder/encoder.ts";
import { estimateInputTokens } from "../encoder/input-tokens.ts";
import { bundledEncoderDirectory, bundledRouterDirectory, openEncoder } from "./encoder.ts";
import { CommandFailure, unwrap, WrongUsage } from "./failure.ts";
import { print } from "./output.ts";
import { parsePositive, parseShare } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
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
  readonly spend?: number;
  readonly tolerance?: number;
  readonly minPCorrect?: number;
  readonly lambdaUsd?: number;
  readonly maxUsd?: number;
  readonly json?: boolean;
}

/** `route`: decisions without a Worker, by the same code. */
export function registerRoute(program: Command): void {
  program
    .command("route")
    .description("decide offline, by the same code as the Worker")
    .option("--bundle <dir>", "folder that `train` wrote", bundledRouterDirectory)
    .option("--prompt <text>", "one prompt")
    .option("--file <outcomes>", "every prompt of an outcome file (outcomes are not looked at)")
    .option("--models <patterns>", "only these models (comma between, * stands for anything)", list)
    .option("--exclude <patterns>", "none of these models", list)
    .option("--spend <share>", "0 cheapest to 1 best, calibrated on benchmark traffic", parseShare)
    .option("--tolerance <p>", "the cheapest within this of the best", parseShare)
    .option("--min-p-correct <p>", "the cheapest with at least this probability", parseShare)
    .option("--lambda-usd <usd>", "what one correct answer is worth", parsePositive)
    .option("--max-usd <usd>", "no model that is expected to cost more", parsePositive)
    .option("--encoder <dir>", "encoder to embed with", bundledEncoderDirectory)
    .option("--cache <dir>", "where embeddings of --file are kept", ".signalbox/embeddings")
    .option("--json", "one JSON line a prompt")
    .addHelpText(
      "after",
      '\nExamples:\n  signalbox route --prompt "Integrate x^2 e^x."\n  signalbox route --file results.jsonl --spend 0.3 --json',
    )
    .action(route);
}

async function route(options: RouteCommandOptions): Promise<void> {
  if ((options.prompt === undefined) === (options.file === undefined)) {
    throw new WrongUsage("give either --prompt or --file");
  }
  if (options.prompt?.trim() === "") throw new WrongUsage("--prompt is empty: there is nothing to decide on");
  const rule = ruleOf(options);
  const predictor = unwrap(loadPredictor(await readFile(join(options.bundle, "bundle.safetensors"))));
  const { catalogue, priced } = await readCatalogueOf(options.bundle, predictor);
  const encoder = await openEncoder(options.encoder, options.file === undefined ? "few texts" : "many texts");
  checkEncoder(predictor, encoder);
  const prompts = await embedPrompts(encoder, options);
  for (const { id, prompt, embedding } of prompts) {
    const request = toRequest(prompt, rule, options);
    const prediction = predictor.predict(embedding, encoder.readable(prompt));
    const decision = unwrap(decide(predictor, catalogue, prediction, request));
    print(options.json ? toJson(id, decision, priced) : toText(id, decision, priced));
  }
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
  const { embedRecords, readSuites } = await import("../training/load-dataset.ts");
  const records = unwrap(await readSuites([file as string]));
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

async function readCatalogueOf(
  directory: string,
  predictor: Predictor,
): Promise<{ catalogue: Catalogue; priced: boolean }> {
  const bytes = await readFile(join(directory, "catalogue.json")).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (bytes === undefined) return { catalogue: catalogueWithoutPrices(predictor.models), priced: false };
  return { catalogue: unwrap(parseCatalogue(bytes)), priced: true };
}

function ruleOf({ spend, tolerance, minPCorrect, lambdaUsd }: RouteCommandOptions): RequestedRule {
  const rule = choiceRule({ spend, tolerance, min_p_correct: minPCorrect, lambda_usd: lambdaUsd });
  if (rule.ok) return rule.value;
  throw new WrongUsage(rule.failure.message);
}

function toRequest(
  prompt: string,
  rule: RequestedRule,
  { models, exclude, maxUsd }: RouteCommandOptions,
): DecisionRequest {
  return {
    inputTokens: estimateInputTokens([{ role: "user", content: prompt }]),
    require: { capabilities: [] },
    rule,
    today: dayOf(Date.now()),
    ...(models === undefined ? {} : { models }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(maxUsd === undefined ? {} : { maxUsd }),
  };
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

function list(value: string): readonly string[] {
  return value.split(",").map((item) => item.trim());
}
