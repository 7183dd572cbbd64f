import type { Query } from "../../api/saved";

/** Whether a question has a condition on the cohort, in whatever place. */
export function namesCohort(query: Query, id: string): boolean {
  return holds(query, id);
}

function holds(value: unknown, id: string): boolean {
  if (Array.isArray(value)) return value.some((one) => holds(one, id));
  if (typeof value !== "object" || value === null) return false;
  if ("scope" in value && value.scope === "cohort" && "value" in value && value.value === id) return true;
  return Object.values(value).some((one) => holds(one, id));
}
