/** Numbers as people read them. Money is per 1,000 prompts: one prompt costs too little to picture. */

const significant = new Intl.NumberFormat("en-US", {
  minimumSignificantDigits: 2,
  maximumSignificantDigits: 2,
});
const cents = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 0.873 -> "87%"; what is nearly certain is not rounded to certainty. */
export function percent(share: number): string {
  if (share > 0.995 && share < 1) return ">99%";
  if (share > 0 && share < 0.005) return "<1%";
  return `${Math.round(share * 100)}%`;
}

/** A difference of two shares in percentage points: "12 points", "2.2 points". */
export function points(difference: number): string {
  const size = Math.abs(difference * 100);
  const text = size >= 9.95 ? String(Math.round(size)) : size.toFixed(1).replace(/\.0$/, "");
  return `${text} point${text === "1" ? "" : "s"}`;
}

/** USD of one prompt -> USD of 1,000: "$8.89", "$0.026", "$128". */
export function usdPerThousand(usd: number): string {
  const amount = usd * 1000;
  if (amount === 0) return "$0";
  if (amount >= 100) return `$${whole.format(amount)}`;
  return `$${amount >= 0.1 ? cents.format(amount) : significant.format(amount)}`;
}

/** 4.218 -> "4.2 ms", 612 -> "612 ms", 2140 -> "2.1 s". */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** 131072 -> "131k", 1048576 -> "1.0M". */
export function tokens(count: number): string {
  if (count >= 1_000_000) return `${(count / 1_000_000).toFixed(1)}M`;
  return count >= 1000 ? `${Math.round(count / 1000)}k` : String(count);
}

/** How far `usd` is from `other`: "93% cheaper", "14 times the price", "the same price". */
export function priceAgainst(usd: number, other: number): string {
  if (usd === other) return "the same price";
  if (other === 0 || usd === 0) return usd < other ? "free instead" : "no longer free";
  const ratio = usd / other;
  if (ratio < 1) return `${percent(1 - ratio)} cheaper`;
  return ratio < 2
    ? `${percent(ratio - 1)} dearer`
    : `${ratio < 10 ? ratio.toFixed(1) : whole.format(ratio)} times the price`;
}
