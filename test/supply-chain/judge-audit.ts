interface Vulnerability {
  readonly name: string;
  readonly severity: string;
  readonly range: string;
  readonly via: readonly (string | { readonly title: string; readonly url: string })[];
}

const SERIOUS: ReadonlySet<string> = new Set(["high", "critical"]);

/**
 * What `npm audit --json` printed -> whether it may pass, and what to say. A registry that serves no advisories, or none
 * in reach, is no finding, but it is said: silence would look like safety.
 */
export function judgeAudit(stdout: string): { readonly isSafe: boolean; readonly lines: readonly string[] } {
  const report = parse(stdout);
  if (report?.vulnerabilities === undefined) {
    return { isSafe: true, lines: ["Audit skipped: the registry in use serves no advisories."] };
  }
  const found = Object.values(report.vulnerabilities);
  const isSafe = !found.some(({ severity }) => SERIOUS.has(severity));
  const lines = found.map(({ name, severity, range, via }) => {
    const titles = via.map((cause) => (typeof cause === "string" ? cause : `${cause.title} ${cause.url}`));
    return `${severity}: ${name} ${range}: ${titles.join("; ")}`;
  });
  return { isSafe, lines: lines.length === 0 ? ["Audit: no known vulnerabilities."] : lines };
}

function parse(
  text: string,
): { readonly vulnerabilities?: Readonly<Record<string, Vulnerability>> } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
