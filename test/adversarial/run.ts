import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Suite, suiteNames } from "../../models/benchmarks/suites.ts";
import type { Decision } from "../../src/core/decide.ts";
import { type Attack, attacksOn, GADGET_SEED } from "./attacks.ts";
import { type EncoderDefense, encoderDefenses } from "./embed.ts";
import { searchGadget, towardsWeak } from "./gadget.ts";
import { decideAll, type Router, type SeenText, type Setting, seeAll } from "./measure.ts";
import { type Parting, partingNames } from "./parts.ts";
import { type AttackedSuite, loadShippedRouter, loadSuite } from "./suite.ts";
import { change, mean, percent, percentWithInterval, printTable, score, share } from "./tables.ts";

// docs/adversarial.md has the figures and what follows from them. A quarter of an hour a suite.
const help = `npm run adversarial -- [options]
  --data <folder>     with <suite>/outcomes.jsonl.gz, prompts included (default ../shared/data)
  --suites <names>    default llmrouter,mmlu-pro
  --prompts <count>   left-out prompts that are attacked (default 1000)
  --only <tables>     fixed (what attacks do, and to which defense), adaptive (gadgets that know the defense)`;

const quality: Setting = { name: "none", rule: { kind: "quality" } };
const labels: Readonly<Record<EncoderDefense | Parting, string>> = {
  none: "none",
  "log counts": "words counted by log2(1 + n)",
  "distinct words": "words counted once",
  "half lexical": "half the weight for the lexical view",
  "context only": "no lexical view",
  ends: "cheapest of whole, without the last and without the first ten words",
  thirds: "median score of three thirds",
};
const spending: Setting = { name: "`spend: 0.2`", rule: { kind: "spend", spend: 0.2 } };

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    suites: { type: "string", default: "llmrouter,mmlu-pro" },
    prompts: { type: "string", default: "1000" },
    only: { type: "string", default: "fixed,adaptive" },
    help: { type: "boolean", default: false },
  },
});
const suites = values.suites.split(",");
const tables = values.only.split(",");
if (values.help || !suites.every((name) => (suiteNames as readonly string[]).includes(name))) {
  console.log(help);
  process.exit(values.help ? 0 : 2);
}
if (!existsSync(values.data)) {
  console.log(`Skipped: there is no ${values.data}. Name a folder with <suite>/outcomes.jsonl.gz by --data.`);
  process.exit(0);
}
for (const name of suites as Suite[]) {
  const suite = await loadSuite(name, values.data, Number(values.prompts));
  if (suite === undefined) console.log(`Skipped: there is no ${values.data}/${name}/outcomes.jsonl.gz.`);
  else await attackSuite(suite);
}

/** An attack and the texts it makes, as the encoder sees them. */
interface Attacked {
  readonly attack: Attack;
  readonly seen: readonly SeenText[];
}

async function attackSuite(suite: AttackedSuite): Promise<void> {
  const { name, prompts, predictor, dearest, weakest } = suite;
  console.log(
    `\n${name}: ${prompts.length} left-out prompts, ${predictor.models.length} models; dearest ${dearest}, weakest ${weakest}`,
  );
  const clean = await seeAll(prompts, tables.includes("fixed"));
  if (tables.includes("fixed")) await reportFixed(suite, clean);
  if (tables.includes("adaptive")) await reportAdaptive(suite, clean);
}

async function reportFixed(suite: AttackedSuite, clean: readonly SeenText[]): Promise<void> {
  const attacked: Attacked[] = [];
  for (const attack of await attacksOn(suite)) {
    if (attack.name === "gadget behind") console.log(`to the ${attack.target}:${attack.change("")}`);
    attacked.push({ attack, seen: await seeAll(suite.prompts.map(attack.change), attack.facesParts) });
  }
  await reportAttacks(suite, clean, attacked);
  await reportDefenses(suite, clean, attacked);
  await reportTransfer(suite.name, await loadShippedRouter(), clean, attacked);
}

async function reportAttacks(
  suite: AttackedSuite,
  clean: readonly SeenText[],
  attacked: readonly Attacked[],
): Promise<void> {
  const before = await decideAll(suite, clean, quality);
  const rows = [];
  for (const { attack, seen } of attacked) {
    const after = await decideAll(suite, seen, quality);
    const there = [before, after].map((decisions) => shareOf(decisions, suite[attack.target]));
    rows.push([
      suite.name,
      attack.name,
      attack.target,
      percentWithInterval(moved(before, after)),
      there.every((value) => value === 0) ? "none" : there.map(percent).join(" to "),
      `${score(scoresOf(suite, before))} to ${score(scoresOf(suite, after))}`,
      change(scoresOf(suite, before), scoresOf(suite, after)),
      `${usdPer1000(before)} to ${usdPer1000(after)}`,
      `${unfamiliar(before)} to ${unfamiliar(after)}`,
    ]);
  }
  printTable(
    "What attacks do",
    [
      "suite",
      "attack",
      "aims at",
      "moved",
      "to the dearest or weakest",
      "score",
      "change of it",
      "USD per 1,000",
      "unfamiliar",
    ],
    rows,
  );
}

function defensesOf({ dearest }: AttackedSuite, meanUsd: number): readonly Setting[] {
  const rule = { kind: "quality" } as const;
  return [
    quality,
    spending,
    { name: "`max_usd` at twice the mean bill", rule, maxUsd: 2 * meanUsd },
    { name: "`max_usd` at the mean bill", rule, maxUsd: meanUsd },
    { name: "`exclude` the dearest", rule, exclude: [dearest] },
    ...encoderDefenses.slice(1).map((defense): Setting => ({ name: labels[defense], rule, defense })),
    ...partingNames.map((parting): Setting => ({ name: labels[parting], rule, parting })),
  ];
}

async function reportDefenses(
  suite: AttackedSuite,
  clean: readonly SeenText[],
  attacked: readonly Attacked[],
): Promise<void> {
  const undefended = await decideAll(suite, clean, quality);
  const settings = defensesOf(suite, mean(undefended.map(({ expectedUsd }) => expectedUsd)));
  const rows = [];
  for (const setting of settings) {
    const before = await decideAll(suite, clean, setting);
    const under = async (name: string, target: Attack["target"]) => {
      const { attack, seen } = attacked.find(
        (each) => each.attack.name === name && each.attack.target === target,
      ) as Attacked;
      const isFaced = setting.parting === undefined || attack.facesParts;
      return isFaced ? decideAll(suite, seen, setting) : undefined;
    };
    const keyword = await under("theorem x 50", "dearest");
    const toDearest = [];
    const toWeak = [];
    for (const name of ["gadget behind", "gadget at both ends"]) {
      const dear = (await under(name, "dearest")) as readonly Decision[];
      const weak = (await under(name, "weakest")) as readonly Decision[];
      const there = [before, dear].map((decisions) => shareOf(decisions, suite.dearest));
      toDearest.push(
        `${there.every((value) => value === 0) ? "none" : there.map(percent).join(" to ")}, ${usdPer1000(dear)}`,
      );
      toWeak.push(change(scoresOf(suite, before), scoresOf(suite, weak)));
    }
    rows.push([
      suite.name,
      setting.name,
      score(scoresOf(suite, before)),
      setting === quality ? "" : change(scoresOf(suite, undefended), scoresOf(suite, before)),
      usdPer1000(before),
      keyword === undefined ? "" : percent(mean(moved(before, keyword).map(Number))),
      ...toDearest,
      ...toWeak,
    ]);
  }
  printTable(
    "What defenses cost, and what attacks still do",
    [
      "suite",
      "defense",
      "clean score",
      "cost",
      "USD per 1,000",
      "moved by `theorem` x 50",
      "gadget for the dearest: share there, USD",
      "at both ends",
      "gadget for weak models: change of the score",
      "at both ends",
    ],
    rows,
  );
}

/** Gadgets for weak models that were searched with the defense in place, for those that change what the router sees. */
async function reportAdaptive(suite: AttackedSuite, clean: readonly SeenText[]): Promise<void> {
  const rows = [];
  // Counting by logarithms lies between the first of these and nothing.
  for (const defense of ["distinct words", "half lexical", "context only"] as const) {
    const setting: Setting = { name: labels[defense], rule: { kind: "quality" }, defense };
    const goal = towardsWeak(suite.meanScores);
    const gadget = await searchGadget(suite.predictor, goal, suite.tuning, GADGET_SEED, defense);
    const before = await decideAll(suite, clean, setting);
    const changes = [];
    for (const texts of [
      suite.prompts.map((prompt) => `${prompt} ${gadget}`),
      suite.prompts.map((prompt) => `${gadget} ${prompt} ${gadget}`),
    ]) {
      const after = await decideAll(suite, await seeAll(texts, false), setting);
      changes.push(change(scoresOf(suite, before), scoresOf(suite, after)));
    }
    rows.push([suite.name, labels[defense], score(scoresOf(suite, before)), ...changes]);
  }
  printTable(
    "Gadgets for weak models that know the defense",
    ["suite", "defense", "clean score", "gadget behind: change of the score", "at both ends"],
    rows,
  );
}

/** The same texts, gadgets for another router's weights among them, before the router that is shipped. */
async function reportTransfer(
  name: Suite,
  shipped: Router,
  clean: readonly SeenText[],
  attacked: readonly Attacked[],
): Promise<void> {
  const rows = [];
  for (const setting of [quality, spending]) {
    const before = await decideAll(shipped, clean, setting);
    for (const { attack, seen } of attacked) {
      const after = await decideAll(shipped, seen, setting);
      rows.push([
        name,
        setting === quality ? "quality" : setting.name,
        attack.name,
        attack.target,
        percentWithInterval(moved(before, after)),
        mostChosen(before),
        mostChosen(after),
        `${usdPer1000(before)} to ${usdPer1000(after)}`,
        `${unfamiliar(before)} to ${unfamiliar(after)}`,
      ]);
    }
  }
  printTable(
    "The same texts before models/default",
    [
      "suite",
      "rule",
      "attack",
      "aims at",
      "moved",
      "most chosen, clean",
      "most chosen",
      "USD per 1,000",
      "unfamiliar",
    ],
    rows,
  );
}

/** What the chosen models scored on the prompts: they are taken to answer as before. NaN where there is no result. */
function scoresOf({ outcomes }: AttackedSuite, decisions: readonly Decision[]): readonly number[] {
  return decisions.map(({ model }, i) => outcomes(i, model));
}

function moved(before: readonly Decision[], after: readonly Decision[]): readonly boolean[] {
  return after.map(({ model }, i) => model !== before[i]?.model);
}

function shareOf(decisions: readonly Decision[], wanted: string): number {
  return share(decisions, ({ model }) => model === wanted);
}

function usdPer1000(decisions: readonly Decision[]): string {
  return (1000 * mean(decisions.map(({ expectedUsd }) => expectedUsd))).toFixed(2);
}

function unfamiliar(decisions: readonly Decision[]): string {
  return percent(share(decisions, ({ familiarity }) => familiarity < 0.5));
}

function mostChosen(decisions: readonly Decision[]): string {
  const shares = [...new Set(decisions.map(({ model }) => model))].map(
    (model) => [model, shareOf(decisions, model)] as const,
  );
  const [first] = shares.toSorted(([, a], [, b]) => b - a);
  return `${first?.[0]} ${percent(first?.[1] ?? 0)}`;
}
