import { userTimezone } from "../../format/timezones";
import { defaultQuestion, NEW_SERIES } from "../explore/question";
import { writeQuestion } from "../explore/question-url";
import type { Entry } from "./entries";

/** Where Explore asks about a name: how often the event comes, or who and what has the property. */
export function exploreName({ of, name }: Pick<Entry, "of" | "name">): string {
  const question = defaultQuestion(userTimezone());
  if (of === "events") {
    return `/explore${writeQuestion({ ...question, series: [{ ...NEW_SERIES, event: name }] })}`;
  }
  const condition = { scope: of, property: name, operator: "is_set" as const };
  return `/explore${writeQuestion({ ...question, filter: { match: "all", conditions: [condition] } })}`;
}
