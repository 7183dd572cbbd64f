import { useRef } from "react";
import { useCohortCount, type Cohort } from "../../api/cohorts";
import { useSeen } from "../../components/use-seen";
import { userLocale } from "../../format/numbers";
import { usersText } from "./describe";

/** How many users a cohort has. Each is a question of its own to the server: asked once it is in sight. */
export function CohortCount({ cohort }: { cohort: Cohort }) {
  const place = useRef<HTMLSpanElement>(null);
  const seen = useSeen(place);
  const count = useCohortCount(seen ? cohort : null);
  return (
    <span ref={place} aria-busy={count.isPending}>
      {count.data !== undefined
        ? usersText(count.data, userLocale())
        : count.isError
          ? "users could not be counted"
          : "…"}
    </span>
  );
}
