interface BundleDocument {
  models: string[];
  [field: string]: unknown;
}

/** The same weights under another JSON document: another checksum, and whatever `change` makes of the decisions. */
export function variantBundle(
  bytes: Uint8Array,
  change: (document: BundleDocument) => void,
): Uint8Array<ArrayBuffer> {
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  const document = JSON.parse(header.__metadata__.signalbox);
  change(document);
  header.__metadata__.signalbox = JSON.stringify(document);
  let text = JSON.stringify(header);
  // Tensors begin at a multiple of 8; spaces at the end of the header are allowed for that.
  text = text.padEnd(Math.ceil(new TextEncoder().encode(text).length / 8) * 8);
  const encoded = new TextEncoder().encode(text);
  const made = new Uint8Array(8 + encoded.length + bytes.length - 8 - headerLength);
  new DataView(made.buffer).setBigUint64(0, BigInt(encoded.length), true);
  made.set(encoded, 8);
  made.set(bytes.subarray(8 + headerLength), 8 + encoded.length);
  return made;
}
