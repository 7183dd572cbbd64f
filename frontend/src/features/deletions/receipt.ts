import type { Deletion } from "../../api/deletions";

/** Writes an instant, and a number, as the reader is used to. */
type Format = { at: (time: string) => string; number: (n: number) => string };

/** How far a deletion is, in a few words. */
export function stateText(deletion: Deletion, { at, number }: Format): string {
  switch (deletion.state) {
    case "requested":
      return "Waits for the next load";
    case "running":
      if (deletion.phase === "settling" && deletion.settles_at !== null)
        return `Deleted; waits until ${at(deletion.settles_at)} for what was on its way`;
      if (deletion.phase === "versions") return "Runs: older versions of raw objects";
      return `Runs: ${number(deletion.objects_seen)} raw objects looked into`;
    case "done":
      return deletion.finished_at === null ? "Done" : `Done ${at(deletion.finished_at)}`;
    case "failed":
      return "Given up after many tries; ask again";
  }
}

/** What was deleted, part by part; what is 0 is left out. */
export function deletedText({ deleted }: Deletion, { number }: Format): string {
  const parts = [
    count(deleted.event_rows, "event", number),
    count(deleted.user_rows, "user row", number),
    deleted.objects > 0
      ? `${count(deleted.lines, "line", number)} of ${count(deleted.objects, "raw object", number)}`
      : "",
    count(deleted.versions, "older version", number),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "Nothing was found" : parts.join(", ");
}

function count(n: number, noun: string, number: (n: number) => string): string {
  if (n === 0) return "";
  return `${number(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** What is left of a user's data, and until when. */
export function remainsText({ what, until }: Deletion["remains"][number], { at }: Format): string {
  const text = what.charAt(0).toUpperCase() + what.slice(1);
  return until === null ? text : `${text}: until ${at(until)}`;
}

/** Whose data it is, or, when that is gone, the end of the hash that is left. */
export function whose({ user_id: id, user_hash: hash }: Deletion): string {
  return id ?? `A user whose hash ends in ${hash.slice(-8)}`;
}

/** Whether what was typed is the id, to the letter. */
export function confirms(typed: string, id: string): boolean {
  return id !== "" && typed === id;
}
