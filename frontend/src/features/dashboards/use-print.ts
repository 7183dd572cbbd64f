import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answersKey } from "../../api/query";

/**
 * Prints the page once all is answered: cards out of sight are asked for only
 * then. (The browser's own command prints what is there.)
 */
export function usePrint() {
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState(false);
  const fetching = useIsFetching({ queryKey: answersKey });

  useEffect(() => {
    // The cards' own effects came before this one: what they ask for is on its way already.
    if (!asked || queryClient.isFetching({ queryKey: answersKey }) > 0) return;
    // The frame after the next has what came last.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        window.print();
        setAsked(false);
      });
    });
    return () => cancelAnimationFrame(frame);
  }, [asked, fetching, queryClient]);

  return { asked, start: () => setAsked(true) };
}
