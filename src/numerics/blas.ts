import { InferenceSession, Tensor } from "../onnx/onnx-runtime.ts";
import { type Matrix, matrix } from "./matrix.ts";

export interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * C = op(A) op(B), the same to the last bit on every CPU. ONNX Runtime is here for the encoder anyway, so its Gemm
 * operator serves as the BLAS: on one thread, and in WebAssembly, which leaves nothing to the CPU.
 */
export async function multiply(a: Matrix, b: Matrix, transposes: Transposes = {}): Promise<Matrix> {
  const { transposeA = false, transposeB = false } = transposes;
  const rows = transposeA ? a.columns : a.rows;
  const columns = transposeB ? b.rows : b.columns;
  const [inner, innerB] = [transposeA ? a.rows : a.columns, transposeB ? b.columns : b.rows];
  if (inner !== innerB) throw new RangeError(`${rows} x ${inner} times ${innerB} x ${columns}`);
  if (rows * columns * inner === 0) return matrix(rows, columns);
  const feeds = {
    a: new Tensor("float32", a.data, [a.rows, a.columns]),
    b: new Tensor("float32", b.data, [b.rows, b.columns]),
  };
  const product = inTurn(async () => (await gemmSession(transposeA, transposeB)).run(feeds));
  const { c } = await product;
  return matrix(rows, columns, c?.data as Float32Array<ArrayBuffer>);
}

// Two runs that overlap would share the stack of the runtime's memory.
let last: Promise<unknown> = Promise.resolve();

function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const product = last.then(run);
  last = product.catch(() => undefined); // who asked for it learns of it
  return product;
}

const sessions = new Map<string, Promise<InferenceSession>>();

function gemmSession(transposeA: boolean, transposeB: boolean): Promise<InferenceSession> {
  const key = `${transposeA} ${transposeB}`;
  const cached = sessions.get(key);
  if (cached !== undefined) return cached;
  const session = InferenceSession.create(gemmModel(transposeA, transposeB), {
    executionProviders: ["wasm"],
  });
  sessions.set(key, session);
  return session;
}

// An ONNX model is a protocol-buffer message; this one is a single Gemm node over matrices of any size, small enough
// to be written field by field. Numbers are those of onnx.proto.
function gemmModel(transposeA: boolean, transposeB: boolean): Uint8Array {
  const attribute = (name: string, value: boolean) =>
    message(5, [text(1, name), varint(3, Number(value)), varint(20, 2)]);
  const value = (field: number, name: string) => {
    const shape = message(2, [message(1, [text(2, `${name}0`)]), message(1, [text(2, `${name}1`)])]);
    return message(field, [text(1, name), message(2, [message(1, [varint(1, 1), shape])])]);
  };
  const node = message(1, [
    text(1, "a"),
    text(1, "b"),
    text(2, "c"),
    text(4, "Gemm"),
    attribute("transA", transposeA),
    attribute("transB", transposeB),
  ]);
  const graph = message(7, [node, text(2, "gemm"), value(11, "a"), value(11, "b"), value(12, "c")]);
  return Uint8Array.from([...varint(1, 8), ...graph, ...message(8, [text(1, ""), varint(2, 17)])]);
}

function varint(field: number, value: number): number[] {
  return [...base128(field << 3), ...base128(value)];
}

function base128(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...base128(value >> 7)];
}

function message(field: number, parts: readonly (readonly number[])[]): number[] {
  const body = parts.flat();
  return [...base128((field << 3) | 2), ...base128(body.length), ...body];
}

function text(field: number, value: string): number[] {
  return message(field, [[...new TextEncoder().encode(value)]]);
}
