import { useEffect, useRef } from "react";
import { Button } from "./button";

/** The end of a list that has more: fetches it when it comes into sight, or is pressed. */
export function LoadMore({ loading, onMore }: { loading: boolean; onMore: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const more = useRef(onMore);
  useEffect(() => {
    more.current = onMore;
  });
  useEffect(() => {
    const element = end.current;
    if (element === null || loading) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) more.current();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [loading]);
  return (
    <div ref={end}>
      <Button isDisabled={loading} onPress={onMore}>
        {loading ? "Fetching more…" : "Show more"}
      </Button>
    </div>
  );
}
