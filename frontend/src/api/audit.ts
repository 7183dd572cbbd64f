import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Audit = Schemas["Audit"];
export type AuditRecord = Schemas["AuditRecord"];
export type AuditFinding = Schemas["AuditFinding"];
export type LoadHour = Schemas["LoadHour"];
export type Load = Schemas["Load"];

/** What was loaded in the days from one to another, both of UTC and included, and the latest audits. */
export function useAudit(from: string, to: string) {
  return useQuery({
    queryKey: ["audit", from, to],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/audit", { params: { query: { from, to } }, signal })),
    placeholderData: keepPreviousData,
  });
}
