import { useSyncExternalStore } from "react";

function subscribe(listener: () => void) {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
}

/**
 * The whole screen for the page, without its header. It is the document's, not
 * the dashboard's: what opens from a control lies beside the dashboard.
 */
export function useFullscreen() {
  const on = useSyncExternalStore(subscribe, () => document.fullscreenElement !== null);
  // A browser may refuse; then the page stays as it is.
  const toggle = () => {
    const done = on ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    done.catch(() => undefined);
  };
  return { on, toggle, possible: document.fullscreenEnabled };
}
