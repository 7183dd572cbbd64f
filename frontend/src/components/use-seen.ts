import { useEffect, useState, type RefObject } from "react";

/** Whether an element has been in sight, or near it: what is far below need not be asked for yet. */
export function useSeen(element: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(() => !("IntersectionObserver" in window));
  useEffect(() => {
    const found = element.current;
    if (!found || seen) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
      },
      { rootMargin: "300px" },
    );
    observer.observe(found);
    return () => observer.disconnect();
  }, [element, seen]);
  return seen;
}
