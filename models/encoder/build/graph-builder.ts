import type { ElementType, OnnxAttribute, OnnxNode, OnnxTensor, OnnxValue } from "./onnx-file.ts";

interface ArrayOf {
  readonly F32: Float32Array;
  readonly I8: Int8Array;
  readonly I32: Int32Array;
  readonly I64: BigInt64Array;
}

/** A constant of the graph with its values in memory. */
export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ArrayOf[ElementType];
}

interface NodeOptions {
  /** Names the output, which else is numbered. */
  readonly name?: string;
  readonly outputs?: number;
  readonly ints?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
}

/** Collects nodes and constants; every method returns the name of the value it made. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: Constant[] = [];
  readonly outputs: OnnxValue[] = [];
  #count = 0;

  constant<T extends ElementType>(name: string, type: T, shape: readonly number[], data: ArrayOf[T]): string {
    this.constants.push({ name, type, shape, data });
    return name;
  }

  floats(name: string, data: Float32Array): string {
    return this.constant(name, "F32", [data.length], data);
  }

  scalar(name: string, value: number): string {
    return this.constant(name, "F32", [], Float32Array.of(value));
  }

  integers(name: string, ...values: readonly number[]): string {
    return this.constant(name, "I64", [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A standard ONNX operator. */
  op(type: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.#add("", type, inputs, options)[0] as string;
  }

  /** An operator of onnxruntime's com.microsoft domain; an empty input name leaves an optional input out. */
  contrib(type: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.#add("com.microsoft", type, inputs, options)[0] as string;
  }

  /** An operator with several outputs. */
  split(type: string, inputs: readonly string[], options: NodeOptions & { outputs: number }): string[] {
    return this.#add("", type, inputs, options);
  }

  output(name: string, shape: readonly (number | string)[]): void {
    this.outputs.push({ name, type: "F32", shape });
  }

  #add(domain: string, type: string, inputs: readonly string[], options: NodeOptions): string[] {
    const { name = `${type}_${++this.#count}`, outputs = 1, ints = {}, floats = {} } = options;
    const names = Array.from({ length: outputs }, (_, k) => (outputs === 1 ? name : `${name}.${k}`));
    const attributes: OnnxAttribute[] = [
      ...Object.entries(ints).map(([name, value]) => ({ name, value, type: "int" as const })),
      ...Object.entries(floats).map(([name, value]) => ({ name, value, type: "float" as const })),
    ];
    this.nodes.push({ type, domain, inputs, outputs: names, attributes });
    return names;
  }
}

/** The constant as bytes in the file's little-endian order. */
export function bytesOf({ data }: Constant): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Places constants of at least `minBytes` in one external file and leaves the small ones in the graph. Offsets
 * are multiples of `alignBytes`.
 */
export function placeConstants(
  constants: readonly Constant[],
  file: string,
  minBytes: number,
  alignBytes: number,
): { readonly tensors: OnnxTensor[]; readonly external: Uint8Array } {
  let offset = 0;
  const tensors = constants.map((constant): OnnxTensor => {
    const { name, type, shape, data } = constant;
    if (data.byteLength < minBytes) return { name, type, shape, data: bytesOf(constant) };
    const begin = Math.ceil(offset / alignBytes) * alignBytes;
    offset = begin + data.byteLength;
    return { name, type, shape, data: { file, offset: begin, bytes: data.byteLength } };
  });
  const external = new Uint8Array(offset);
  tensors.forEach(({ data }, k) => {
    if (!(data instanceof Uint8Array)) external.set(bytesOf(constants[k] as Constant), data.offset);
  });
  return { tensors, external };
}
