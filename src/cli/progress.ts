import { stderr } from "node:process";

const REDRAW_MS = 200;

/** Shows on stderr how far long work is, with rate and time left; one line on a terminal, a few in a log. */
export interface ProgressLine {
  update(done: number, total: number): void;
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
      if (done < total && now - drawnAt < redrawMs) return;
      if (done < total && !drawn && !stderr.isTTY && now - start < redrawMs) return;
      drawnAt = now;
      drawn = true;
      const perSecond = done / Math.max((now - start) / 1000, 1e-3);
      const left = Math.ceil((total - done) / Math.max(perSecond, 1e-9));
      const line = `${label} ${done.toLocaleString("en-US")}/${total.toLocaleString("en-US")}  ${perSecond.toFixed(0)}/s  ${formatSeconds(left)} left`;
      stderr.write(stderr.isTTY ? `\r\u001b[2K${line}` : `${line}\n`);
    },
    end() {
      if (drawn && stderr.isTTY) stderr.write("\n");
    },
  };
}

function formatSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
