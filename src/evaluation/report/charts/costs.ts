import * as Plot from "@observablehq/plot";
import type { EvaluationReport } from "../report.ts";
import { draw, emphasisOf, SERVED } from "./draw.ts";

/** Quality against price as the dial is turned, with every single model beside; undefined without prices. */
export function drawCosts({ routers, single_models: singles }: EvaluationReport): string | undefined {
  if (singles === undefined) return undefined;
  const points = Object.entries(routers).flatMap(([name, { cost }]) =>
    (cost?.curve ?? []).map(({ meanUsd, quality }) => ({
      name,
      usd: 1000 * meanUsd,
      quality: 100 * quality,
    })),
  );
  const shuffled = (routers[SERVED]?.cost?.curve ?? []).map((point) => ({
    usd: 1000 * point.meanUsd,
    quality: 100 * point.shuffled,
  }));
  const models = singles.map(({ model, meanUsd, quality }) => ({
    model,
    usd: 1000 * meanUsd,
    quality: 100 * quality,
  }));
  const last = points.filter(({ name }) => name === SERVED).at(-1);
  return draw("Quality against price of routers and single models", {
    height: 420,
    marginRight: 110,
    marginBottom: 42,
    x: { label: "USD per 1,000 prompts →", type: "log", tickFormat: formatUsd, ticks: 6 },
    y: { label: "↑ share of prompts answered correctly (%)", grid: true },
    marks: [
      Plot.line(
        points.filter(({ name }) => name !== SERVED),
        { x: "usd", y: "quality", z: "name", stroke: "var(--muted)", strokeOpacity: 0.45 },
      ),
      Plot.line(shuffled, { x: "usd", y: "quality", stroke: "var(--accent)", strokeDasharray: "3,4" }),
      Plot.line(
        points.filter(({ name }) => name === SERVED),
        { x: "usd", y: "quality", stroke: emphasisOf(SERVED), strokeWidth: 3 },
      ),
      Plot.dot(models, { x: "usd", y: "quality", fill: "var(--ink)", r: 3.5 }),
      Plot.text(models, {
        x: "usd",
        y: "quality",
        text: "model",
        dx: 8,
        textAnchor: "start",
        fontSize: 11,
        fill: "var(--ink-soft)",
      }),
      ...(last === undefined
        ? []
        : [
            Plot.text([last], {
              x: "usd",
              y: "quality",
              text: () => "Signalbox",
              dy: -12,
              fill: "var(--accent)",
              fontWeight: 600,
            }),
          ]),
    ],
  });
}

/** Quality against the share of calls to the strong model; undefined unless there are two models. */
export function drawCalls({ routers }: EvaluationReport): string | undefined {
  const points = Object.entries(routers).flatMap(([name, { calls }]) =>
    (calls?.curve.strongShare ?? []).map((share, k) => ({
      name,
      share: 100 * share,
      quality: 100 * (calls?.curve.quality[k] as number),
    })),
  );
  const curve = routers[SERVED]?.calls?.curve ?? Object.values(routers)[0]?.calls?.curve;
  if (curve === undefined) return undefined;
  const chord = [0, curve.quality.length - 1].map((k) => ({
    share: 100 * (curve.strongShare[k] as number),
    quality: 100 * (curve.quality[k] as number),
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
