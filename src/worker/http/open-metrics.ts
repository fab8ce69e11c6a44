/** One gauge, with as many samples as there are label sets. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export const OPEN_METRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** The text form of OpenMetrics 1.0, which Prometheus and its kin read. Families without a sample are left out. */
export function openMetrics(families: readonly Family[]): string {
  const lines = families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, samples }) => [
      `# TYPE ${name} gauge`,
      `# HELP ${name} ${escaped(help)}`,
      ...samples.map(({ labels = {}, value }) => `${name}${labelSet(labels)} ${value}`),
    ]);
  return [...lines, "# EOF", ""].join("\n");
}

function labelSet(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
