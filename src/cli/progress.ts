import { stderr } from "node:process";

const REDRAW_MS = 200;

/** Shows on stderr how far long work is, with rate and time left; one line on a terminal, a few in a log. */
export interface ProgressLine {
  /** @param total undefined where nobody knows it before the end */
  update(done: number, total: number | undefined): void;
  end(): void;
}

export function startProgress(label: string): ProgressLine {
  const start = performance.now();
  let drawnAt = 0;
  let drawn = false;
  // Without a terminal every redraw is a line of its own, so there are few.
  const redrawMs = stderr.isTTY ? REDRAW_MS : 15_000;
  return {
    update(done, total) {
      const now = performance.now();
      const isLast = total !== undefined && done >= total;
      if (!isLast && now - drawnAt < redrawMs) return;
      if (!isLast && !drawn && !stderr.isTTY && now - start < redrawMs) return;
      drawnAt = now;
      drawn = true;
      const line = describe(label, done, total, (now - start) / 1000);
      stderr.write(stderr.isTTY ? `\r\u001b[2K${line.slice(0, stderr.columns - 1)}` : `${line}\n`);
    },
    end() {
      if (drawn && stderr.isTTY) stderr.write("\n");
    },
  };
}

const BAR_COLUMNS = 20;
const LEAST_SHARE_TO_TELL = 0.05;

function describe(label: string, done: number, total: number | undefined, seconds: number): string {
  if (total === undefined) {
    return `${label}  ${done.toLocaleString("en-US")}  ${(done / Math.max(seconds, 1e-3)).toFixed(0)}/s`;
  }
  const filled = Math.round((BAR_COLUMNS * done) / Math.max(total, 1));
  const bar = stderr.isTTY ? `  ${"█".repeat(filled)}${"░".repeat(BAR_COLUMNS - filled)}` : "";
  const counts = `${label}${bar}  ${done.toLocaleString("en-US")}/${total.toLocaleString("en-US")}`;
  // Before the first is done there is no rate to tell the rest by.
  if (done === 0) return counts;
  const perSecond = done / Math.max(seconds, 1e-3);
  const rate = `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`;
  if (done >= total) return `${counts}  ${rate}  in ${formatSeconds(Math.ceil(seconds))}`;
  // The first few wait for what is loaded with them, and say little of the rest.
  if (done / total < LEAST_SHARE_TO_TELL) return counts;
  return `${counts}  ${rate}  ${formatSeconds(Math.ceil((total - done) / perSecond))} left`;
}

function formatSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
