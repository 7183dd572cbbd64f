import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type RawEvent = components["schemas"]["RawEvent"];

/** What one load brought: the newest of its events, and how many there were. */
export type News = { events: RawEvent[]; count: number };

export const activityKey = ["activity"] as const;

const only = (event: string) => (event === "*" ? {} : { event });

/** The newest events, page by page; "*" is every event. */
export function useActivity(event: string) {
  return useInfiniteQuery({
    queryKey: [...activityKey, event],
    queryFn: ({ pageParam: cursor, signal }) => {
      const query = { ...only(event), ...(cursor === undefined ? {} : { cursor }) };
      return unwrap(client.GET("/api/v1/activity", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export type StreamState = "off" | "connecting" | "open";

/** A browser gives up on a stream that was refused, as while the server restarts; we do not. */
const AGAIN_AFTER = 5_000;

/**
 * Tells of each load for as long as it is watched. The browser comes back by
 * itself where a stream ends, with the number of the last load that it has seen.
 */
export function useActivityStream(
  event: string,
  watched: boolean,
  onNews: (news: News) => void,
): StreamState {
  const [open, setOpen] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const tell = useRef(onNews);
  useEffect(() => {
    tell.current = onNews;
  });

  useEffect(() => {
    if (!watched) return;
    const source = new EventSource(`/api/v1/activity/stream?event=${encodeURIComponent(event)}`);
    let again: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener("open", () => setOpen(true));
    source.addEventListener("events", ({ data }: MessageEvent<string>) =>
      tell.current(JSON.parse(data) as News),
    );
    source.addEventListener("error", () => {
      setOpen(false);
      if (source.readyState === EventSource.CLOSED)
        again = setTimeout(() => setAttempt((n) => n + 1), AGAIN_AFTER);
    });
    return () => {
      clearTimeout(again);
      source.close();
      setOpen(false);
    };
  }, [event, watched, attempt]);

  return !watched ? "off" : open ? "open" : "connecting";
}
