import { quantizeRows } from "../../../src/core/quantize.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { Linear } from "./minilm.ts";
import { transpose } from "./transpose.ts";

// Keeps the division by the maximum of a row of zeros finite.
const SMALLEST_ROW_MAX = 1e-9;

/** int8 weights with one scale per output; activations get one int8 scale for the whole matrix at run time. */
export function int8Linear(
  graph: GraphBuilder,
  x: string,
  name: string,
  linear: Linear,
  withBias: boolean,
): string {
  const { weight, bias, inputs } = linear;
  const { values, scales } = quantizeRows(weight, inputs);
  const inputsOfNode = [
    x,
    graph.constant(`${name}.weight`, "I8", [inputs, bias.length], transpose(values, inputs)),
    graph.floats(`${name}.scale`, scales),
  ];
  // Inputs 3 and 4: the zero point, absent for symmetric weights, and the bias.
  if (withBias) inputsOfNode.push("", graph.floats(`${name}.bias`, bias));
  return graph.contrib("DynamicQuantizeMatMul", inputsOfNode);
}

/** The same with every row of the input brought to maximum 1 first: a few tokens' outliers else coarsen all rows. */
export function rowScaledInt8(graph: GraphBuilder, x: string, name: string, linear: Linear): string {
  const rowMax = graph.op("ReduceMax", [graph.op("Abs", [x]), "last_axis"], { ints: { keepdims: 1 } });
  const scale = graph.op("Max", [rowMax, "smallest_row_max"]);
  const product = int8Linear(graph, graph.op("Div", [x, scale]), name, linear, false);
  return graph.op("Add", [graph.op("Mul", [product, scale]), graph.floats(`${name}.bias`, linear.bias)]);
}

/** The constants that `rowScaledInt8` shares between layers; add them once. */
export function addRowScaleConstants(graph: GraphBuilder): void {
  graph.integers("last_axis", -1);
  graph.scalar("smallest_row_max", SMALLEST_ROW_MAX);
}
