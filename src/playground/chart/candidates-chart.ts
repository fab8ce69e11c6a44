import { type ComponentChild, h } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { percent, usdPerThousand } from "../format.ts";
import { axes } from "./axes.ts";
import { frontierOf, type Point } from "./frontier.ts";
import { placeLabels } from "./place-labels.ts";
import { csvFile, save, svgFile } from "./save.ts";
import { logScale, shareScale } from "./scale.ts";
import { useWidth } from "./use-width.ts";

/** A model that a setting chose; `name` is "" where there is only one setting. */
export interface Chosen {
  readonly name: "" | "A" | "B";
  readonly model: string;
}

interface Props {
  readonly points: readonly Point[];
  readonly chosen: readonly Chosen[];
  /** The model that the pointer or the table is at. */
  readonly marked: string | undefined;
  readonly onMark: (model: string | undefined) => void;
}

const MARGIN = { top: 26, right: 18, bottom: 40, left: 44 };
/** How near the pointer must be to mean a point. */
const REACH_PX = 28;

/** Every candidate by cost and correctness. The ranking table says the same in words and numbers. */
export function CandidatesChart({ points, chosen, marked, onMark }: Props): ComponentChild {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const height = width < 480 ? 270 : 340;
  const drawn = useMemo(() => layOut(points, chosen, width, height), [points, chosen, width, height]);
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    onMark(nearest(drawn.spots, event.clientX - box.left, event.clientY - box.top));
  };
  return h(
    "figure",
    { class: "chart" },
    h(
      "div",
      { ref: frame, class: "chart-frame" },
      h(
        "svg",
        {
          width,
          height,
          role: "img",
          "aria-label": summary(points, chosen),
          onPointerMove: at,
          onPointerDown: at,
          onPointerLeave: () => onMark(undefined),
        },
        axes(drawn.x, drawn.y, width, height, MARGIN),
        h("path", { class: "frontier-area", d: drawn.area }),
        h("path", { class: "frontier", d: drawn.steps }),
        drawn.spots.map(({ point, x, y, kind, name }) =>
          h(
            "g",
            {
              key: point.model,
              class: `spot spot-${kind}`,
              style: { transform: `translate(${x}px, ${y}px)` },
            },
            kind.startsWith("chosen") && h("circle", { class: "halo", r: 13 }),
            h("circle", { class: "dot", r: kind.startsWith("chosen") ? 7 : kind === "frontier" ? 5 : 4 }),
            name !== "" && h("text", { class: "spot-name", y: 3.5, "text-anchor": "middle" }, name),
          ),
        ),
        drawn.labels.map(({ text, x, y, anchor }) =>
          h(
            "text",
            {
              key: text,
              class: chosen.some(({ model }) => model === text) ? "label label-chosen" : "label",
              x,
              y,
              "text-anchor": anchor,
            },
            text,
          ),
        ),
        markedSpot(drawn.spots, marked, width),
      ),
    ),
    h(
      "figcaption",
      { class: "legend" },
      chosen.map(({ name }) =>
        h(
          "span",
          { key: name },
          h("i", { class: `key key-${name === "B" ? "second" : "chosen"}` }),
          `chosen ${name === "" ? "" : `by ${name}`}`,
        ),
      ),
      h("span", null, h("i", { class: "key key-frontier" }), "frontier: nothing is both cheaper and better"),
      h("span", null, h("i", { class: "key key-other" }), "other candidates"),
      h(
        "span",
        { class: "saves" },
        h(
          "button",
          { type: "button", class: "quiet", onClick: () => saveChart(frame.current) },
          "Save as SVG",
        ),
        h(
          "button",
          { type: "button", class: "quiet", onClick: () => saveTable(points, chosen) },
          "Save as CSV",
        ),
      ),
    ),
  );
}

function saveChart(frame: HTMLElement | null): void {
  const svg = frame?.querySelector("svg");
  if (svg) save("signalbox-candidates.svg", "image/svg+xml", svgFile(svg));
}

function saveTable(points: readonly Point[], chosen: readonly Chosen[]): void {
  const frontier = frontierOf(points);
  const rows = points.map((point) => [
    ...[point.model, point.pCorrect, point.usd, Number(frontier.includes(point))],
    chosen
      .filter(({ model }) => model === point.model)
      .map(({ name }) => name || "chosen")
      .join(" "),
  ]);
  const header = ["model", "p_correct", "expected_usd", "on_frontier", "chosen"];
  save("signalbox-candidates.csv", "text/csv", csvFile(header, rows));
}

type Kind = "chosen-a" | "chosen-b" | "frontier" | "other";

interface Spot {
  readonly point: Point;
  readonly x: number;
  readonly y: number;
  readonly kind: Kind;
  readonly name: string;
}

function layOut(points: readonly Point[], chosen: readonly Chosen[], width: number, height: number) {
  const right = Math.max(width - MARGIN.right, MARGIN.left + 1);
  const bottom = height - MARGIN.bottom;
  const x = logScale(
    points.map(({ usd }) => usd * 1000),
    [MARGIN.left, right],
  );
  const y = shareScale(
    points.map(({ pCorrect }) => pCorrect),
    [bottom, MARGIN.top],
  );
  const frontier = frontierOf(points);
  const spots = points
    .map((point): Spot => {
      const by = chosen.filter(({ model }) => model === point.model);
      const isB = by.length > 0 && by.every(({ name }) => name === "B");
      const kind =
        by.length > 0 ? (isB ? "chosen-b" : "chosen-a") : frontier.includes(point) ? "frontier" : "other";
      const name = by.map(({ name }) => name).join("");
      return { point, x: x.at(point.usd * 1000), y: y.at(point.pCorrect), kind, name };
    })
    .sort((a, b) => depth[a.kind] - depth[b.kind]);
  const onFrontier = frontier.map((point) => spots.find((spot) => spot.point === point) as Spot);
  const labeled = [
    ...spots.filter(({ kind }) => kind.startsWith("chosen")).reverse(),
    ...onFrontier.toReversed(),
  ];
  const texts = [...new Set(labeled)].map((spot) => ({ text: spot.point.model, x: spot.x, y: spot.y }));
  // The frontier and what was chosen must never be covered.
  const obstacles = spots.map(({ x, y, kind }) => ({ x, y, weight: kind === "other" ? 1 : 2 }));
  const steps = stepPath(onFrontier, right);
  const [first] = onFrontier;
  const area = first === undefined ? "" : `${steps}V${bottom}H${first.x}Z`;
  return {
    x,
    y,
    spots,
    steps,
    area,
    labels: placeLabels(texts, obstacles, { left: MARGIN.left, right: width, top: 8, bottom }),
  };
}

const depth: Readonly<Record<Kind, number>> = { other: 0, frontier: 1, "chosen-b": 2, "chosen-a": 3 };

/** From each point to the right until a better one is affordable, then up to it. */
function stepPath(spots: readonly Spot[], right: number): string {
  if (spots.length === 0) return "";
  const [first, ...rest] = spots as [Spot, ...Spot[]];
  return `M${first.x} ${first.y}${rest.map(({ x, y }) => `H${x}V${y}`).join("")}H${right}`;
}

function nearest(spots: readonly Spot[], x: number, y: number): string | undefined {
  let best: string | undefined;
  let least = REACH_PX;
  for (const spot of spots) {
    const distance = Math.hypot(spot.x - x, spot.y - y);
    if (distance < least) [best, least] = [spot.point.model, distance];
  }
  return best;
}

function markedSpot(
  spots: readonly Spot[],
  marked: string | undefined,
  width: number,
): ComponentChild | null {
  const spot = spots.find(({ point }) => point.model === marked);
  if (spot === undefined) return null;
  const { model, pCorrect, usd } = spot.point;
  const isRight = spot.x > width / 2;
  return h(
    "g",
    { class: "marked", style: { transform: `translate(${spot.x}px, ${spot.y}px)` } },
    h("circle", { r: 10 }),
    h(
      "text",
      { x: isRight ? -16 : 16, y: spot.y < 40 ? 22 : -12, "text-anchor": isRight ? "end" : "start" },
      h("tspan", { class: "marked-model" }, model),
      h("tspan", { dx: 8 }, `${percent(pCorrect)} for ${usdPerThousand(usd)}`),
    ),
  );
}

function summary(points: readonly Point[], chosen: readonly Chosen[]): string {
  const named = chosen
    .map(({ name, model }) => (name === "" ? model : `${model} by setting ${name}`))
    .join(" and ");
  return (
    `Chart of ${points.length} models by expected cost and chance of being right. Chosen: ${named}. ` +
    `${frontierOf(points).length} models are on the frontier. The ranking table has all values.`
  );
}
