import { userTimezone } from "../../format/timezones";
import { defaultQuestion } from "../explore/question";
import { writeQuestion } from "../explore/question-url";

/** The question about the users of a cohort. */
export function exploreCohort(id: string): string {
  const conditions = [{ scope: "cohort" as const, operator: "in" as const, value: id }];
  return `/explore${writeQuestion({
    ...defaultQuestion(userTimezone()),
    filter: { match: "all", conditions },
  })}`;
}
