import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { definitionsKey } from "../../api/definitions";
import { eventsKey } from "../../api/events";
import { usePipeline } from "../../api/pipeline";
import { propertiesKey } from "../../api/properties";
import { answersKey } from "../../api/query";
import { usePresence } from "../../components/use-presence";

const EVERY = 10_000;
const IDLE_AFTER = 15 * 60_000;

/**
 * Watches the pipeline for as long as someone is at the page, and after each
 * load that brought something asks anew for what is on it. Used once, by the
 * shell; what is on the page reads the state with usePipeline(false).
 */
export function useLivePipeline() {
  const queryClient = useQueryClient();
  const present = usePresence(IDLE_AFTER);
  const { data } = usePipeline(present ? EVERY : false);
  const rows = data?.rows_loaded;
  const seen = useRef(rows);

  useEffect(() => {
    if (rows === undefined || rows === seen.current) return;
    const first = seen.current === undefined;
    seen.current = rows;
    if (first) return;
    for (const queryKey of [answersKey, definitionsKey, eventsKey, propertiesKey]) {
      void queryClient.invalidateQueries({ queryKey });
    }
  }, [rows, queryClient]);
}
