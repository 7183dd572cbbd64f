import { useEffect, useState, type RefObject } from "react";

/** Whether an element has more in it than it shows at once, whatever comes into it and however large it gets. */
export function useOverflow(element: RefObject<Element | null>): boolean {
  const [overflows, setOverflows] = useState(false);
  useEffect(() => {
    const found = element.current;
    if (!found) return;
    const look = () =>
      setOverflows(found.scrollHeight > found.clientHeight || found.scrollWidth > found.clientWidth);
    const size = new ResizeObserver(look);
    size.observe(found);
    const content = new MutationObserver(look);
    content.observe(found, { childList: true, subtree: true });
    return () => {
      size.disconnect();
      content.disconnect();
    };
  }, [element]);
  return overflows;
}
