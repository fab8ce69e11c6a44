import { endpoints } from "../../contract/endpoints.ts";

const withoutVersion: ReadonlyMap<string, string> = new Map(
  Object.values(endpoints).flatMap(({ path }) => (path.startsWith("/v1/") ? [[path.slice(3), path]] : [])),
);

/** The path as the addresses are written: clients put slashes where they please, and add a version or forget it. */
export function pathOf(request: Request): string {
  const written = new URL(request.url).pathname.replaceAll(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
  const once = written.replace(/^(?:\/v1)+(?=\/v1\/)/, "");
  if (once.startsWith("/models/")) return `/v1${once}`;
  return withoutVersion.get(once) ?? once;
}
