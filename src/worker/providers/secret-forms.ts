import { toBase64 } from "../../contract/base64.ts";

// A shorter one is no secret, and would be found in the middle of words.
const MIN_SECRET_LENGTH = 8;

/**
 * How a secret may stand in a provider's answer: as it is, as PHP writes it into JSON, percent-encoded, and in base64 of
 * something that holds it. None where there is nothing worth hiding.
 */
export function formsOfSecret(secret: string | undefined): readonly string[] {
  if (secret === undefined || secret.length < MIN_SECRET_LENGTH) return [];
  const encoded = [0, 1, 2].map((before) => base64Inside(secret, before));
  const forms = [
    secret,
    secret.replaceAll("/", "\\/"),
    encodeURIComponent(secret),
    ...encoded,
    ...encoded.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
  return [...new Set(forms)];
}

/** Whether a text holds the secret in any of these forms. */
export function holdsSecret(text: string, secret: string | undefined): boolean {
  return formsOfSecret(secret).some((form) => text.includes(form));
}

/** The characters of base64 that only the secret decides, where so many bytes of three stand before it. */
function base64Inside(secret: string, before: number): string {
  const bytes = new TextEncoder().encode(secret);
  const padded = new Uint8Array(before + bytes.length);
  padded.set(bytes, before);
  // A character has six bits; the first and the last that the secret shares with its neighbors are left out.
  const first = Math.ceil((before * 8) / 6);
  const end = Math.floor((padded.length * 8) / 6);
  return toBase64(padded).slice(first, end);
}
