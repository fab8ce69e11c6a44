import type { GraphBuilder } from "./graph-builder.ts";
import { roundLinear } from "./rounding.ts";
import type { SmoothedLinear } from "./smooth.ts";
import { transpose } from "./transpose.ts";

// Keeps the division by the maximum of a row of zeros finite.
const SMALLEST_ROW_MAX = 1e-9;

/** An int8 linear layer: weights have one scale per output, activations get one for the matrix at run time. */
export function int8Linear(graph: GraphBuilder, x: string, name: string, layer: SmoothedLinear): string {
  const { values, scales, bias } = roundLinear(layer.linear, layer.statistics);
  return graph.contrib("DynamicQuantizeMatMul", [
    smooth(graph, x, name, layer),
    ...weightsOf(graph, name, layer, values, scales),
    "", // the zero point, absent for symmetric weights
    graph.floats(`${name}.bias`, bias),
  ]);
}

/**
 * The same with every row of the input brought to maximum 1 before it gets its scale: a few tokens' outliers would
 * coarsen all rows. It pays for the second feed-forward layer only.
 */
export function rowScaledInt8Linear(
  graph: GraphBuilder,
  x: string,
  name: string,
  layer: SmoothedLinear,
): string {
  const { values, scales, bias } = roundLinear(layer.linear, layer.statistics);
  const smoothed = smooth(graph, x, name, layer);
  const rowMax = graph.op("ReduceMax", [graph.op("Abs", [smoothed]), "last_axis"], { ints: { keepdims: 1 } });
  const rowScale = graph.op("Max", [rowMax, "smallest_row_max"]);
  const product = graph.contrib("DynamicQuantizeMatMul", [
    graph.op("Div", [smoothed, rowScale]),
    ...weightsOf(graph, name, layer, values, scales),
  ]);
  return graph.op("Add", [graph.op("Mul", [product, rowScale]), graph.floats(`${name}.bias`, bias)]);
}

function smooth(graph: GraphBuilder, x: string, name: string, { factors }: SmoothedLinear): string {
  return factors ? graph.op("Mul", [x, graph.floats(`${name}.smooth`, factors)]) : x;
}

function weightsOf(
  graph: GraphBuilder,
  name: string,
  { linear }: SmoothedLinear,
  values: Int8Array,
  scales: Float32Array,
): [string, string] {
  const shape = [linear.inputs, scales.length];
  return [
    graph.constant(`${name}.weight`, "I8", shape, transpose(values, linear.inputs)),
    graph.floats(`${name}.scale`, scales),
  ];
}

/** The constants that `rowScaledInt8Linear` shares between layers; add them once. */
export function addRowScaleConstants(graph: GraphBuilder): void {
  graph.integers("last_axis", -1);
  graph.scalar("smallest_row_max", SMALLEST_ROW_MAX);
}
