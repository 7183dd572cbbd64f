import { userTimezone } from "../../format/timezones";
import { defaultQuestion } from "../explore/question";
import { writeQuestion } from "../explore/question-url";

/** The question about all who share an attribute; null for a value that no filter compares with. */
export function exploreAttribute(property: string, value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return null;
  const question = defaultQuestion(userTimezone());
  return `/explore${writeQuestion({
    ...question,
    filter: { match: "all", conditions: [{ scope: "user", property, operator: "equals", value }] },
  })}`;
}
