/** ".6680", as papers write scores; a dash where there is nothing. */
export function formatScore(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value)
    ? "–"
    : value
        .toFixed(4)
        .replace(/^(-?)0\./, "$1.")
        .replace("-", "−");
}

/** "+.0432" */
export function formatGain(value: number): string {
  return Number.isFinite(value) ? `${value < 0 ? "" : "+"}${formatScore(value)}` : "–";
}

/** "88 %" */
export function formatPercent(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value)
    ? "–"
    : `${Math.round(100 * value)} %`.replace("-", "−");
}
