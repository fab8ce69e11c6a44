/** The key stays in this tab: session storage ends with it and no other tab reads it. */
const NAME = "signalbox-key";

export function readApiKey(): string {
  return sessionStorage.getItem(NAME) ?? "";
}

export function keepApiKey(key: string): void {
  if (key === "") sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, key);
}
