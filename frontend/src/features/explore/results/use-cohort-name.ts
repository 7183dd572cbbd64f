import { useCallback } from "react";
import { useCohorts } from "../../../api/cohorts";
import type { CohortName } from "../answer";
import type { Query } from "../query";

/** What the cohorts that a query names are called. They are asked for only where it names one. */
export function useCohortName(query: Query): CohortName {
  const { data } = useCohorts(JSON.stringify(query).includes('"scope":"cohort"'));
  return useCallback((id) => data?.find((cohort) => cohort.id === id)?.name, [data]);
}
