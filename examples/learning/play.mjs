// Plays users of a Worker on this machine: they ask about parcels, and one model alone writes what they like to read, which
// no benchmark can know. Between rounds the Worker learns. docs/learning.md tells what to see.
const origin = process.argv[2] ?? "http://127.0.0.1:8787";
const ROUNDS = 4;
const REQUESTS = 40;
const LONGEST_MS = 10_000;
const models = ["gpt-5.4", "gpt-4o-mini", "claude-sonnet-4.6"];
const liked = "gpt-4o-mini";
const places = ["Turku", "Porto", "Graz", "Leeds", "Lyon", "Gdansk", "Bari", "Ghent"];

async function post(path, body) {
  const response = await fetch(`${origin}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

for (let round = 0; round < ROUNDS; round++) {
  const counts = new Map();
  let bundle;
  for (let k = 0; k < REQUESTS; k++) {
    const days = 2 + ((k + round) % 9);
    const prompt = `The parcel to ${places[k % places.length]} is ${days} days late. Answer the customer in one friendly sentence.`;
    const decision = await post("/v1/route", { prompt, models });
    bundle = decision.bundle;
    const score = decision.model === liked ? 1 : 0;
    await post("/v1/feedback", { decision: decision.id, score });
    counts.set(decision.model, (counts.get(decision.model) ?? 0) + 1);
  }
  const shares = [...counts].map(([model, count]) => `${model} ${count}`).join(", ");
  console.log(`round ${round + 1}: ${counts.get(liked) ?? 0} of ${REQUESTS} liked; ${shares}`);
  // What the Cron Trigger does once a night; on this machine nothing else does.
  await fetch(`${origin}/cdn-cgi/local/scheduled`);
  await untilAnother(bundle);
}

/** The Worker looks for a new bundle every POINTER_REFRESH_MS; a run that found nothing better leaves the one there is. */
async function untilAnother(bundle) {
  for (const end = Date.now() + LONGEST_MS; Date.now() < end; ) {
    if ((await post("/v1/route", { prompt: "hello", models })).bundle !== bundle) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
