/** A failure that a caller is expected to handle: a stable code and a sentence that says what to do. */
export interface Failure<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
  /** The field or file that is wrong, where there is one. */
  readonly param?: string;
}

export type Result<T, Code extends string = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure<Code> };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function fail<Code extends string>(
  code: Code,
  message: string,
  param?: string,
): { readonly ok: false; readonly failure: Failure<Code> } {
  return { ok: false, failure: param === undefined ? { code, message } : { code, message, param } };
}
