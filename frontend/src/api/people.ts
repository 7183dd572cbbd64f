import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type Person = components["schemas"]["Person"];
export type PersonEvent = components["schemas"]["UserEvent"];

const FIRST = undefined as string | undefined;

/** The users whose id or text attributes contain a text, page by page. The last ones stay while the next are fetched. */
export function usePeople(search: string) {
  return useInfiniteQuery({
    queryKey: ["people", search],
    queryFn: ({ pageParam: cursor, signal }) => {
      const query = { ...(search === "" ? {} : { search }), ...(cursor === undefined ? {} : { cursor }) };
      return unwrap(client.GET("/api/v1/users", { params: { query }, signal }));
    },
    initialPageParam: FIRST,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** A user, and the events page by page. */
export function usePerson(id: string) {
  return useInfiniteQuery({
    queryKey: ["person", id],
    queryFn: ({ pageParam: cursor, signal }) => {
      const query = cursor === undefined ? {} : { cursor };
      return unwrap(
        client.GET("/api/v1/users/{user_id}", { params: { path: { user_id: id }, query }, signal }),
      );
    },
    initialPageParam: FIRST,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}
