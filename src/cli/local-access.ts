import { createApiKey } from "../contract/api-key.ts";
import { unwrap } from "./failure.ts";

/** Who may ask a local Worker. */
export interface LocalAccess {
  readonly variables: Readonly<Record<string, string>>;
  /** Made for this run, where access is by key and none was set up. */
  readonly key?: string;
}

// The Worker is on this machine: a web page whose own name leads to 127.0.0.1 must not get at it.
const LOCAL_HOSTS = "127.0.0.1,localhost,[::1]";

/** Open to this machine, or by key: those of API_KEYS, else one that is made now. */
export async function localAccess(
  kind: "open" | "keys",
  secrets: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LocalAccess> {
  const shared = { AUTH: kind, ALLOWED_HOSTS: LOCAL_HOSTS };
  if (kind === "open") return { variables: shared };
  const records = environment["API_KEYS"] ?? secrets["API_KEYS"] ?? "";
  if (records !== "") return { variables: { ...shared, API_KEYS: records } };
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const { key, record } = unwrap(await createApiKey("local", randomBytes));
  return { variables: { ...shared, API_KEYS: record }, key };
}
