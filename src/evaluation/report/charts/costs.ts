import * as Plot from "@observablehq/plot";
import { mixtureQuality, type SingleModelCost } from "../../metrics/cost-curve.ts";
import type { EvaluationReport } from "../report.ts";
import { draw, emphasisOf, SERVED } from "./draw.ts";

interface PricedPoint {
  readonly name: string;
  /** Per 1,000 prompts. */
  readonly usd: number;
  /** Percent. */
  readonly quality: number;
}

export interface CostChart {
  readonly svg: string;
  /** Single models too poor for the picture. */
  readonly below: readonly string[];
}

/** So far below the routers a single model is still drawn, in percentage points. */
const DEPTH = 12;

/** Quality against price as the dial is turned, with single models and their mixtures; undefined without prices. */
export function drawCosts({ routers, single_models: singles }: EvaluationReport): CostChart | undefined {
  if (singles === undefined) return undefined;
  const toPoint = (name: string, meanUsd: number, quality: number): PricedPoint => ({
    name,
    usd: 1000 * meanUsd,
    quality: 100 * quality,
  });
  const points = Object.entries(routers).flatMap(([name, { cost }]) =>
    (cost?.curve ?? []).map(({ meanUsd, quality }) => toPoint(name, meanUsd, quality)),
  );
  const served = points.filter(({ name }) => name === SERVED);
  const others = points.filter(({ name }) => name !== SERVED);
  const shuffled = (routers[SERVED]?.cost?.curve ?? []).map((point) =>
    toPoint("shuffled", point.meanUsd, point.shuffled),
  );
  const floor = Math.min(...points.map(({ quality }) => quality)) - DEPTH;
  const models = singles.map(({ model, meanUsd, quality }) => toPoint(model, meanUsd, quality));
  const drawn = models.filter(({ quality }) => quality >= floor);
  const dearest = Math.max(...models.map(({ usd }) => usd));
  const svg = draw("Quality against price of routers and single models", {
    height: 420,
    marginRight: 40,
    marginBottom: 44,
    x: { label: "USD per 1,000 prompts →", type: "log", tickFormat: formatUsd, ticks: 6 },
    y: {
      label: "↑ share of prompts answered correctly (%)",
      grid: true,
      domain: [lowest(points, drawn), highest(points, models)],
    },
    marks: [
      Plot.line(mixtures(singles), { x: "usd", y: "quality", stroke: "var(--ink)", strokeDasharray: "1,4" }),
      Plot.line(others, { x: "usd", y: "quality", z: "name", stroke: "var(--muted)", strokeOpacity: 0.5 }),
      Plot.line(shuffled, { x: "usd", y: "quality", stroke: "var(--accent)", strokeDasharray: "4,4" }),
      Plot.line(served, { x: "usd", y: "quality", stroke: emphasisOf(SERVED), strokeWidth: 3 }),
      Plot.dot(drawn, { x: "usd", y: "quality", fill: "var(--ink)", r: 3.5 }),
      ...(["start", "end"] as const).map((anchor) =>
        Plot.text(
          // The dear models stand at the right edge: their names go to the left.
          drawn.filter(({ usd }) => (usd > 0.7 * dearest ? "end" : "start") === anchor),
          {
            x: "usd",
            y: "quality",
            text: "name",
            dx: anchor === "end" ? -9 : 9,
            dy: 10,
            textAnchor: anchor,
            fontSize: 11,
            fill: "var(--ink-soft)",
            stroke: "var(--card)",
            strokeWidth: 4,
          },
        ),
      ),
    ],
  });
  return { svg, below: models.filter(({ quality }) => quality < floor).map(({ name }) => name) };
}

function lowest(...groups: readonly (readonly PricedPoint[])[]): number {
  return Math.min(...groups.flat().map(({ quality }) => quality)) - 1;
}

function highest(...groups: readonly (readonly PricedPoint[])[]): number {
  return Math.max(...groups.flat().map(({ quality }) => quality)) + 1;
}

const MIXTURE_STEPS = 60;

/** What random mixtures of two single models reach at each price. */
function mixtures(singles: readonly SingleModelCost[]): readonly PricedPoint[] {
  const prices = singles.map(({ meanUsd }) => meanUsd);
  const [least, most] = [Math.min(...prices), Math.max(...prices)];
  return Array.from({ length: MIXTURE_STEPS + 1 }, (_, k) => {
    const usd = least * (most / least) ** (k / MIXTURE_STEPS);
    return { name: "mixture", usd: 1000 * usd, quality: 100 * mixtureQuality(singles, usd) };
  }).filter(({ quality }) => !Number.isNaN(quality));
}

/** Quality against the share of calls to the strong model; undefined unless there are two models. */
export function drawCalls({ routers }: EvaluationReport): string | undefined {
  const points = Object.entries(routers).flatMap(([name, { calls }]) =>
    (calls?.curve.strongShare ?? []).map((share, k) => ({
      name,
      share: 100 * share,
      quality: 100 * (calls?.curve.quality[k] ?? Number.NaN),
    })),
  );
  const curve = routers[SERVED]?.calls?.curve ?? Object.values(routers)[0]?.calls?.curve;
  if (curve === undefined) return undefined;
  const chord = [0, curve.quality.length - 1].map((k) => ({
    share: 100 * curve.strongShare[k],
    quality: 100 * curve.quality[k],
  }));
  return draw("Quality against the share of prompts sent to the strong model", {
    height: 400,
    marginBottom: 42,
    x: { label: "prompts sent to the strong model (%) →", domain: [0, 100] },
    y: { label: "↑ share of prompts answered correctly (%)", grid: true },
    marks: [
      Plot.line(chord, { x: "share", y: "quality", stroke: "var(--ink)", strokeDasharray: "3,4" }),
      Plot.line(
        points.filter(({ name }) => name !== SERVED),
        { x: "share", y: "quality", z: "name", stroke: "var(--muted)", strokeOpacity: 0.5 },
      ),
      Plot.line(
        points.filter(({ name }) => name === SERVED),
        { x: "share", y: "quality", stroke: "var(--accent)", strokeWidth: 3 },
      ),
    ],
  });
}

function formatUsd(usd: number): string {
  return usd >= 1 ? usd.toFixed(0) : usd.toPrecision(1);
}
