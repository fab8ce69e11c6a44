import protobuf from "protobufjs";

/** The fields of the ONNX format that the encoder's graph uses (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). */
const schema = `
syntax = "proto3";
message AttributeProto { string name = 1; float f = 2; int64 i = 3; int32 type = 20; }
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5; string domain = 7;
}
message StringStringEntryProto { string key = 1; string value = 2; }
message TensorProto {
  repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
}
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
}`;
const Model = protobuf.parse(schema, { keepCase: true }).root.lookupType("ModelProto");

/** TensorProto.DataType */
export const elementTypes = { F32: 1, I8: 3, I32: 6, I64: 7 } as const;
export type ElementType = keyof typeof elementTypes;

export interface OnnxAttribute {
  readonly name: string;
  readonly value: number;
  readonly type: "float" | "int";
}

export interface OnnxNode {
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The bytes, or where they stand in an external file. */
  readonly data: Uint8Array | { readonly file: string; readonly offset: number; readonly bytes: number };
}

/** An input or output of the graph; a dimension that varies has a name. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

// AttributeProto.AttributeType and TensorProto.DataLocation
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const EXTERNAL = 1;

/** Serializes a graph as an ONNX file: opset 18 with onnxruntime's com.microsoft operators. */
export function writeOnnx({ nodes, tensors, inputs, outputs }: OnnxGraph): Uint8Array {
  const message = Model.fromObject({
    ir_version: 9,
    producer_name: "signalbox",
    opset_import: [
      { domain: "", version: 18 },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: {
      name: "encoder",
      node: nodes.map(({ type, domain, inputs, outputs, attributes }) => ({
        op_type: type,
        domain,
        input: inputs,
        output: outputs,
        name: outputs[0],
        attribute: attributes.map(({ name, value, type }) =>
          type === "int"
            ? { name, type: ATTRIBUTE_INT, i: value }
            : { name, type: ATTRIBUTE_FLOAT, f: value },
        ),
      })),
      initializer: tensors.map(tensorMessage),
      input: inputs.map(valueMessage),
      output: outputs.map(valueMessage),
    },
  });
  return Model.encode(message).finish();
}

/** What a file's graph computes, in its order. */
export function readOnnxNodes(
  file: Uint8Array,
): readonly Pick<OnnxNode, "type" | "domain" | "inputs" | "outputs">[] {
  const { graph } = Model.decode(file) as unknown as {
    readonly graph: {
      readonly node: readonly {
        readonly op_type: string;
        readonly domain: string;
        readonly input: readonly string[];
        readonly output: readonly string[];
      }[];
    };
  };
  return graph.node.map(({ op_type: type, domain, input: inputs, output: outputs }) => ({
    type,
    domain,
    inputs,
    outputs,
  }));
}

function tensorMessage({ name, type, shape, data }: OnnxTensor) {
  const head = { name, dims: shape, data_type: elementTypes[type] };
  if (data instanceof Uint8Array) return { ...head, raw_data: data };
  const location = { location: data.file, offset: String(data.offset), length: String(data.bytes) };
  return {
    ...head,
    data_location: EXTERNAL,
    external_data: Object.entries(location).map(([key, value]) => ({ key, value })),
  };
}

function valueMessage({ name, type, shape }: OnnxValue) {
  const dim = shape.map((size) => (typeof size === "number" ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: elementTypes[type], shape: { dim } } } };
}
