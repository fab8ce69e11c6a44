import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Suite, suiteNames } from "../../models/benchmarks/suites.ts";
import { type Attack, attacksOn } from "./attacks.ts";
import { encoderDefences, type Seen, see } from "./embed.ts";
import { type Measured, measure, type Setting } from "./measure.ts";
import { type AttackedSuite, loadSuite } from "./suite.ts";

// docs/adversarial.md has the figures and what follows from them. Some minutes a suite.
const help = `npm run adversarial -- [options]
  --data <folder>     with <suite>/outcomes.jsonl.gz, prompts included (default ../shared/data)
  --suites <names>    default llmrouter,mmlu-pro
  --prompts <count>   left-out prompts that are attacked (default 1000)`;

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    suites: { type: "string", default: "llmrouter,mmlu-pro" },
    prompts: { type: "string", default: "1000" },
    help: { type: "boolean", default: false },
  },
});
const suites = values.suites.split(",");
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

async function attackSuite(suite: AttackedSuite): Promise<void> {
  const { name, prompts, predictor, dearest, weakest, catalogue } = suite;
  console.log(
    `\n${name}: ${prompts.length} left-out prompts, ${predictor.models.length} models; dearest ${dearest}, weakest ${weakest}`,
  );
  const clean = await seeAll(prompts);
  const quality: Setting = { name: "quality", rule: { kind: "quality" } };
  const baseline = await measure(suite, clean, prompts, dearest, quality);
  const maxUsd = (2 * baseline.usdPer1000) / 1000;
  const settings: readonly Setting[] = [
    quality,
    { name: "spend .2", rule: { kind: "spend", spend: 0.2 } },
    { name: "max_usd 2 x mean bill", rule: { kind: "quality" }, maxUsd },
    {
      name: "without dearest and weakest",
      rule: { kind: "quality" },
      exclude: [...new Set([dearest, weakest])],
    },
    ...encoderDefences
      .slice(1)
      .map((defence): Setting => ({ name: defence, rule: { kind: "quality" }, defence })),
  ];
  console.log(
    `max_usd is ${maxUsd.toPrecision(3)}; price of a million output tokens: ${catalogue.models[dearest]?.price.output} USD of the dearest`,
  );
  const cleanOf = new Map<string, Record<"dearest" | "weakest", Measured>>();
  for (const setting of settings) {
    cleanOf.set(setting.name, {
      dearest: await measure(suite, clean, prompts, dearest, setting),
      weakest: await measure(suite, clean, prompts, weakest, setting),
    });
  }
  console.log("\nOn clean prompts");
  console.table(
    settings.map((setting) => {
      const { dearest: toDearest, weakest: toWeakest } = cleanOf.get(setting.name) as Record<
        "dearest" | "weakest",
        Measured
      >;
      return {
        setting: setting.name,
        score: round(toDearest.score),
        "to dearest": round(toDearest.toTarget),
        "to weakest": round(toWeakest.toTarget),
        "usd per 1000": round(toDearest.usdPer1000),
        "best on average": round(toDearest.unfamiliar),
      };
    }),
  );
  for (const attack of await attacksOn(suite)) {
    await reportAttack(suite, attack, settings, cleanOf);
  }
}

async function reportAttack(
  suite: AttackedSuite,
  { name, target, change }: Attack,
  settings: readonly Setting[],
  cleanOf: ReadonlyMap<string, Record<"dearest" | "weakest", Measured>>,
): Promise<void> {
  const texts = suite.prompts.map(change);
  const seen = await seeAll(texts);
  console.log(`\n${name}, to the ${target}${name.startsWith("gadget behind") ? `: ${change("")}` : ""}`);
  const rows = [];
  for (const setting of settings) {
    const before = cleanOf.get(setting.name)?.[target] as Measured;
    const after = await measure(suite, seen, texts, suite[target], setting);
    const moved = after.chosen.filter((model, i) => model !== before.chosen[i]).length / after.chosen.length;
    rows.push({
      setting: setting.name,
      moved: round(moved),
      "to target": `${round(before.toTarget)} -> ${round(after.toTarget)}`,
      score: `${round(before.score)} -> ${round(after.score)}`,
      "usd per 1000": `${round(before.usdPer1000)} -> ${round(after.usdPer1000)}`,
      "best on average": `${round(before.unfamiliar)} -> ${round(after.unfamiliar)}`,
    });
  }
  console.table(rows);
}

async function seeAll(texts: readonly string[]): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  // Two at a time: the native runtime computes each on a thread of its own.
  for (let k = 0; k < texts.length; k += 2) seen.push(...(await Promise.all(texts.slice(k, k + 2).map(see))));
  return seen;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
