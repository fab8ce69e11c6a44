import { SERVED } from "./charts/draw.ts";
import { formatGain, formatPercent, formatScore } from "./numbers.ts";
import { card, escapeHtml } from "./page-parts.ts";
import { pageStyle } from "./page-style.ts";
import type { EvaluationReport } from "./report.ts";
import { reportSections } from "./sections.ts";

const protocols = {
  cv: "each prompt routed by a router that had not seen it",
  loto: "each task routed by a router that had not seen its family",
  split: "a separate test file",
} as const;

/** The report as one HTML page that needs nothing else: no script, no font, no request. */
export function formatHtml(report: EvaluationReport): string {
  const { suite, prompts, models, tasks, protocol, seed } = report;
  const count = (values: readonly unknown[]) => values.length.toLocaleString("en-US");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Routing on ${escapeHtml(suite)} – Signalbox</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>Routing on ${escapeHtml(suite)}</h1>
<p class="soft">${prompts.toLocaleString("en-US")} prompts, ${count(models)} models, ${count(tasks)} tasks; ${protocols[protocol]}.</p>
${verdict(report)}
${headline(report)}
${reportSections(report).join("\n")}
<footer>Seed ${seed}. ${leftOut(report)}Models: ${escapeHtml(models.join(", "))}.</footer>
</main>
</body>
</html>
`;
}

function verdict({ verdict }: EvaluationReport): string {
  const [quality = "", ...others] = (verdict?.sentences ?? []).map(escapeHtml);
  return quality === "" ? "" : `<p class="verdict"><strong>${quality}</strong> ${others.join(" ")}</p>`;
}

function headline(report: EvaluationReport): string {
  const { routers, anchors, protocol } = report;
  const [name, router] =
    routers[SERVED] === undefined ? (Object.entries(routers)[0] ?? []) : [SERVED, routers[SERVED]];
  if (name === undefined || router === undefined) return "";
  const [low, high] = router.gain_ci95;
  const cards = [
    card(
      formatScore(router.score),
      `score of ${name === SERVED ? "Signalbox" : name}; the best single model has ${formatScore(anchors.best_single)}`,
    ),
    card(formatGain(router.gain), `gain, 95 % interval ${formatGain(low)} to ${formatGain(high)}`),
    ...(protocol === "loto"
      ? []
      : [card(formatPercent(router.headroom), "of what knowing the best model of every task would gain")]),
    ...(router.ece === undefined
      ? []
      : [card(formatScore(router.ece), "expected calibration error of its probabilities")]),
    ...(router.cost === undefined
      ? []
      : [
          card(
            formatPercent(router.cost.savingWithin02),
            "of the best single model's bill saved within .02 of its quality",
          ),
        ]),
    ...(router.calls === undefined ? [] : [card(formatScore(router.calls.apgr), "APGR (random .500)")]),
  ];
  return `<div class="cards">${cards.join("")}</div>`;
}

function leftOut({
  sparse_models: sparse,
  incomplete_prompts: incomplete,
  dropped_duplicates: dropped,
}: EvaluationReport): string {
  return [
    sparse.length > 0 ? `Left out for results on too few prompts: ${escapeHtml(sparse.join(", "))}. ` : "",
    incomplete > 0 ? `${incomplete} prompts left out that lack the result of some model. ` : "",
    dropped > 0 ? `${dropped} training prompts left out that have the text of a test prompt. ` : "",
  ].join("");
}
