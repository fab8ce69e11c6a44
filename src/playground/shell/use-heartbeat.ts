import { useEffect, useRef } from "preact/hooks";
import type { Health } from "../../contract/health.ts";
import { onReach } from "../api/reach.ts";
import type { Called } from "../api/use-call.ts";

const BEAT_MS = 30_000;
/** After a lost connection the first tries follow quickly, the later ones at the usual pace. */
const FIRST_RETRY_MS = 2000;

/**
 * Keeps what is known of the Worker true: it is asked again every half minute while the page is looked at, as soon as the
 * browser is on or off line, and where another call finds it gone or back.
 */
export function useHeartbeat({ pending, fault, retry }: Called<Health>): void {
  const isLost = fault?.kind === "offline";
  const waited = useRef(FIRST_RETRY_MS);
  useEffect(() => {
    if (pending) return;
    if (!isLost) waited.current = FIRST_RETRY_MS;
    const wait = isLost ? waited.current : BEAT_MS;
    const timer = setTimeout(() => {
      waited.current = Math.min(BEAT_MS, waited.current * 2);
      if (document.visibilityState === "visible") retry();
    }, wait);
    const stop = onReach((isReached) => isReached === isLost && retry());
    const look = () => document.visibilityState === "visible" && retry();
    document.addEventListener("visibilitychange", look);
    addEventListener("online", retry);
    addEventListener("offline", retry);
    return () => {
      clearTimeout(timer);
      stop();
      document.removeEventListener("visibilitychange", look);
      removeEventListener("online", retry);
      removeEventListener("offline", retry);
    };
  }, [pending, isLost, retry]);
}
