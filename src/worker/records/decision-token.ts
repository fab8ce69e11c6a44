import { equalInConstantTime } from "../../contract/api-key.ts";
import { fromBase64Url, toBase64Url } from "../../contract/base64.ts";
import { fromHex, toHex } from "../../core/hex.ts";
import { quantizeRows } from "../../core/math/quantize.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { concatenate } from "../providers/concatenate.ts";

/** What a decision's id tells about it, once its signature was checked. */
export interface DecisionRecord {
  /** Number of the decision, 16 bytes in hexadecimal: what feedback is kept under. */
  readonly number: string;
  readonly decidedAt: Date;
  /** First 16 digits of the checksums. */
  readonly bundle: string;
  readonly encoder: string;
  readonly model: string;
  /** int8, at whatever scale: only the direction of an embedding counts. */
  readonly embedding: Int8Array;
}

export type TokenCode = "decision_unsigned" | "decision_invalid" | "decision_expired";

/** Signs decisions, and reads what was signed. */
export interface DecisionSigner {
  /** @param holder name of the API key that asked for the decision; "" where access is open */
  sign(record: DecisionRecord, holder: string): Promise<string>;
  /** Reads it only for its holder: nobody else can use up the feedback on a decision. */
  read(token: string, now: Date, holder: string): Promise<Result<DecisionRecord, TokenCode>>;
}

const PREFIX = "dec_";
const FORMAT = 1;
// version, seconds, number, bundle, encoder, length of the model's name
const HEAD_BYTES = 1 + 4 + 16 + 8 + 8 + 1;
// Half of SHA-256: forging one would take 2^128 attempts over the network.
const MAC_BYTES = 16;
const LONGEST_CLOCK_ERROR_MS = 24 * 3600_000;
const UNSIGNED = /^dec_[0-9a-f]{32}$/;

/**
 * The token is `dec_` and base64url of: version, time, number, bundle, encoder, model, int8 embedding, HMAC-SHA-256
 * over its holder and all of that. It is signed, not encrypted: its holder sent the prompt and may know the embedding.
 * @param secrets the first one signs, all of them are accepted, so that a secret can be replaced without a gap
 */
export function createDecisionSigner(secrets: readonly string[], maxAgeMs: number): DecisionSigner {
  const keys = secrets.map((secret) =>
    crypto.subtle.importKey("raw", encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
  );
  const macOf = async (key: Promise<CryptoKey>, body: Uint8Array, holder: string) => {
    const name = encode(holder);
    // With its length before it, no byte of the name can be taken for one of the body.
    const signed = concatenate([Uint8Array.of(name.length), name, body]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", await key, signed)).subarray(0, MAC_BYTES);
  };

  return {
    async sign(record, holder) {
      const body = pack(record);
      const mac = await macOf(keys[0] as Promise<CryptoKey>, body, holder);
      return PREFIX + toBase64Url(concatenate([body, mac]));
    },
    async read(token, now, holder) {
      if (UNSIGNED.test(token))
        return fail("decision_unsigned", "this decision was made without DECISION_SECRET", "decision");
      const invalid = fail(
        "decision_invalid",
        "`decision` is no id that this router signed for this key",
        "decision",
      );
      const bytes = token.startsWith(PREFIX) ? fromBase64Url(token.slice(PREFIX.length)) : undefined;
      if (bytes === undefined || bytes.length <= HEAD_BYTES + MAC_BYTES) return invalid;
      const body = bytes.slice(0, -MAC_BYTES);
      const mac = bytes.subarray(-MAC_BYTES);
      const macs = await Promise.all(keys.map((key) => macOf(key, body, holder)));
      if (!macs.some((expected) => equalInConstantTime(expected, mac))) return invalid;
      const record = body[0] === FORMAT ? unpack(body) : undefined;
      if (record === undefined) return invalid;
      const age = now.getTime() - record.decidedAt.getTime();
      // Clocks differ by less; no decision was made tomorrow.
      if (age < -LONGEST_CLOCK_ERROR_MS) return invalid;
      return age <= maxAgeMs
        ? ok(record)
        : fail("decision_expired", "feedback on this decision comes too late", "decision");
    },
  };
}

/** int8 with the largest component at 127. */
export function quantizeEmbedding(embedding: Float32Array): Int8Array {
  return quantizeRows(embedding, embedding.length).values;
}

function pack(record: DecisionRecord): Uint8Array<ArrayBuffer> {
  const model = encode(record.model);
  const body = new Uint8Array(HEAD_BYTES + model.length + record.embedding.length);
  const view = new DataView(body.buffer);
  view.setUint8(0, FORMAT);
  view.setUint32(1, Math.floor(record.decidedAt.getTime() / 1000));
  body.set(fromHex(record.number), 5);
  body.set(fromHex(record.bundle), 21);
  body.set(fromHex(record.encoder), 29);
  view.setUint8(37, model.length);
  body.set(model, HEAD_BYTES);
  body.set(
    new Uint8Array(record.embedding.buffer, record.embedding.byteOffset, record.embedding.length),
    HEAD_BYTES + model.length,
  );
  return body;
}

function unpack(body: Uint8Array<ArrayBuffer>): DecisionRecord {
  const view = new DataView(body.buffer);
  const modelEnd = HEAD_BYTES + view.getUint8(37);
  return {
    decidedAt: new Date(view.getUint32(1) * 1000),
    number: toHex(body.subarray(5, 21)),
    bundle: toHex(body.subarray(21, 29)),
    encoder: toHex(body.subarray(29, 37)),
    model: new TextDecoder().decode(body.subarray(HEAD_BYTES, modelEnd)),
    embedding: new Int8Array(body.slice(modelEnd).buffer),
  };
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
