import { bestOnAverage, openParts, type Policy, runPolicy } from "./simulate.ts";
import { plans, transcriptOf } from "./transcripts.ts";

// `npm run agents`: six coding sessions of forty turns, priced by the bundled catalogue: what staying on a model and leaving
// it cost, with and without regard to what was decided before.
const parts = await openParts();
const best = bestOnAverage(parts.predictor, parts.catalogue);
const remembering = (name: string, options: Policy["options"]): readonly Policy[] => [
  { name, options, remembers: true },
  { name: `${name}, each request by itself`, options, remembers: false },
];
const policies: readonly Policy[] = [
  { name: `always ${best}`, options: { models: [best] }, remembers: true },
  ...remembering("quality", {}),
  ...remembering("tolerance=0.05", { tolerance: 0.05 }),
  ...remembering("tolerance=0.1", { tolerance: 0.1 }),
  ...remembering("spend=0.3", { spend: 0.3 }),
  ...remembering("spend=0.05", { spend: 0.05 }),
  ...remembering("tolerance=0.05,route_on=last", { tolerance: 0.05, route_on: "last" }),
];
await show("six sessions", plans);
await show(
  "the four in which no tool fails",
  plans.filter(({ fails }) => fails === undefined),
);

async function show(title: string, shown: typeof plans): Promise<void> {
  const rows = [];
  for (const policy of policies) {
    const { because, ...outcome } = await runPolicy(parts, shown.map(transcriptOf), policy);
    const { requests, switches, usd, cacheUsd, pCorrect } = outcome;
    const causes = Object.entries(because).map(([cause, count]) => `${count} ${cause}`);
    const [whole, cache] = [usd, cacheUsd].map((each) => each.toFixed(3));
    rows.push({
      ...{ policy: policy.name, requests, switches, because: causes.join(", ") },
      ...{ USD: whole, "of it for lost caches": cache, "mean p_correct": pCorrect.toFixed(3) },
    });
  }
  console.log(`\n${title}`);
  console.table(rows);
}
