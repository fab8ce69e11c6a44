import { type ComponentChild, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Fault } from "../api/fault.ts";
import { onReach } from "../api/reach.ts";

interface Props {
  readonly fault: Fault;
  readonly onRetry: () => void;
  readonly onKeyNeeded: () => void;
}

const titles: Readonly<Record<Fault["kind"], string>> = {
  key: "This Worker asks for a key",
  rate_limit: "Too many requests",
  offline: "No connection",
  request: "The request cannot be decided",
  missing: "Not available here",
  server: "The Worker has a problem",
};

/** What went wrong and the next step. Rate limits and lost connections are tried again by themselves. */
export function FaultNotice({ fault, onRetry, onKeyNeeded }: Props): ComponentChild {
  const { kind, message, code, param } = fault;
  const seconds = useCountdown(kind === "rate_limit" ? (fault.retryAfterSeconds ?? 10) : 0, onRetry, fault);
  useOnline(kind === "offline", onRetry);
  return h(
    "div",
    { class: `fault fault-${kind}`, role: "alert" },
    h("h2", null, titles[kind]),
    h("p", null, message),
    code !== undefined &&
      h(
        "p",
        { class: "fault-code" },
        h("code", null, code),
        param === undefined ? "" : [" in ", h("code", null, param)],
      ),
    // Every second would be too much for a screen reader.
    seconds > 0 && h("p", { "aria-live": "off" }, `Trying again in ${seconds} s.`),
    kind === "key"
      ? h(
          "button",
          { type: "button", class: "primary", onClick: onKeyNeeded },
          code === "invalid_key" ? "Enter another key" : "Enter a key",
        )
      : kind !== "request" &&
          kind !== "missing" &&
          h("button", { type: "button", onClick: onRetry }, "Try again now"),
  );
}

function useCountdown(from: number, onEnd: () => void, fault: Fault): number {
  const [left, setLeft] = useState(from);
  // A new fault of the same length starts the clock anew.
  useEffect(() => {
    setLeft(from);
    if (from <= 0) return;
    const end = Date.now() + from * 1000;
    const clock = setInterval(() => {
      const seconds = Math.ceil((end - Date.now()) / 1000);
      setLeft(Math.max(0, seconds));
      if (seconds > 0) return;
      clearInterval(clock);
      onEnd();
    }, 250);
    return () => clearInterval(clock);
  }, [from, onEnd, fault]);
  return left;
}

/** Back when the browser says so, or when another call reaches the Worker. */
function useOnline(active: boolean, onBack: () => void): void {
  useEffect(() => {
    if (!active) return;
    addEventListener("online", onBack);
    const stop = onReach((isReached) => isReached && onBack());
    return () => {
      removeEventListener("online", onBack);
      stop();
    };
  }, [active, onBack]);
}
