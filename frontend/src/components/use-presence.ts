import { useEffect, useState } from "react";

const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "focus", "touchstart"] as const;

/**
 * Whether someone seems to be at the page: it is visible, and there was a sign
 * of them not long ago. What is asked again and again stops when there is not.
 */
export function usePresence(idleAfter: number): boolean {
  const [present, setPresent] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const leave = () => setPresent(false);
    const sign = () => {
      clearTimeout(timer);
      if (document.visibilityState === "hidden") {
        leave();
        return;
      }
      setPresent(true);
      timer = setTimeout(leave, idleAfter);
    };
    sign();
    for (const name of SIGNS) window.addEventListener(name, sign, { passive: true });
    document.addEventListener("visibilitychange", sign);
    return () => {
      clearTimeout(timer);
      for (const name of SIGNS) window.removeEventListener(name, sign);
      document.removeEventListener("visibilitychange", sign);
    };
  }, [idleAfter]);
  return present;
}
