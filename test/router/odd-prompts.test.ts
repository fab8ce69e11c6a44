import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openEncoder } from "../../src/cli/encoder.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { createRouter } from "../../src/router/create-router.ts";

const folder = fileURLToPath(new URL("../../models/default/", import.meta.url));
const loaded = loadPredictor(await readFile(`${folder}bundle.safetensors`));
if (!loaded.ok) throw new Error(loaded.failure.message);
const catalogue = parseCatalogue(await readFile(`${folder}catalogue.json`));
if (!catalogue.ok) throw new Error(catalogue.failure.message);
const predictor = loaded.value;
const encoder = await openEncoder();
const router = createRouter({ predictor, catalogue: catalogue.value, encoder }, "0".repeat(64));

async function decide(prompt: string) {
  const decision = await router.route({ prompt });
  if (!decision.ok) throw new Error(decision.failure.message);
  return decision.value;
}

/** Trust is familiarity to this power. */
const { power } = predictor.header["trust"] as { readonly power: number };
/** Model at the place, by mean score. */
const byPrior = predictor.models.toSorted(
  (a, b) =>
    (predictor.priors[predictor.models.indexOf(b)] as number) -
    (predictor.priors[predictor.models.indexOf(a)] as number),
);

describe("prompts like none that the bundled router has seen are unfamiliar to it", () => {
  it.each([
    ["an emoji", "😀"],
    ["Thai", "สวัสดีครับ คุณช่วยฉันเขียนอีเมลได้ไหม"],
    ["Chinese", "请帮我写一封道歉信给我的老板"],
    ["Khmer", "ខ្ញុំចង់ដឹងអំពីអាកាសធាតុ"],
    ["Amharic", "ሰላም እንዴት ነህ ዛሬ"],
    ["Japanese", "私の猫の名前を考えてください"],
    ["Korean", "저녁 메뉴를 추천해 주세요"],
    ["Tamil", "நீங்கள் எப்படி இருக்கிறீர்கள்"],
    ["Kannada", "ಹೇಗಿದ್ದೀರಿ"],
    ["Lao", "ສະບາຍດີ ເຈົ້າເປັນແນວໃດ"],
    ["Telugu", "మీరు ఎలా ఉన్నారు"],
    ["Georgian", "დამეხმარე წერილის დაწერაში"],
    ["circled digits", "①②③④⑤⑥⑦⑧⑨"],
    ["101 times x", "x".repeat(101)],
    ["hi", "hi"],
    ["thanks", "thanks!"],
    ["a poem", "Write a poem about autumn leaves"],
    ["a poem for a cat", "Write me a short poem about my cat"],
    ["a recipe", "Give me a recipe for banana bread"],
    ["a recipe, tersely", "recipe for tomato soup"],
  ])("%s", async (_, prompt) => {
    const { familiarity, reason } = await decide(prompt);
    expect(familiarity).toBeLessThan(0.3);
    expect(reason).toBe("best_on_average");
  });
});

describe("kinds of prompts that no benchmark has", () => {
  it.each([
    ["emails", "Write an email to my landlord asking him to repair the heating before Friday"],
    ["emails", "Draft a polite email declining a meeting invitation"],
    [
      "SQL on a made-up schema",
      "Given tables orders(id, customer_id, total) and customers(id, city), write SQL for total sales per city",
    ],
    [
      "SQL on a made-up schema",
      "Write a SQL query that lists employees who earn more than their manager from table staff",
    ],
    ["travel plans", "Plan a five day trip to Lisbon with two small children"],
    ["travel plans", "Suggest an itinerary for a weekend in Prague"],
    ["legal letters", "Write a letter to terminate a lease because of mold"],
    ["legal letters", "Draft a cease and desist letter for use of my photographs"],
    ["regexes", "Write a regex that matches IPv4 addresses"],
    ["regexes", "Regex to strip html tags but keep links"],
    ["CSS", "How do I center a div with CSS grid?"],
    ["CSS", "Make a CSS button that glows on hover"],
    ["poems", "Write a haiku about the sea"],
    ["poems", "Write a love poem in the style of a sailor"],
    ["roleplay", "Pretend you are a pirate captain and greet me"],
    ["roleplay", "You are a tavern keeper in a fantasy world; I walk in and order ale"],
    ["spreadsheets", "Excel formula to sum column B where column A is 'paid'"],
    ["spreadsheets", "How do I make a pivot table in Google Sheets?"],
    ["medical triage", "My child has a fever of 39 and a rash, should we go to the hospital?"],
    ["medical triage", "I have chest pain when I climb stairs, what should I do?"],
  ])("%s: %s", async (_, prompt) => {
    const { familiarity, reason, model, pCorrect } = await decide(prompt);
    if (reason === "best_on_average") expect(familiarity ** power).toBeLessThan(0.5);
    // Known-looking ones may be routed, to a model that is good everywhere, and with no more certainty than exists.
    else expect(byPrior.slice(0, 12)).toContain(model);
    expect(pCorrect).toBeLessThan(0.97);
  });
});
