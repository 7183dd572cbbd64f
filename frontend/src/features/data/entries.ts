// What the Data page lists: names, with what was seen and what was said of them.
import type { DefinedEvent, DefinedProperty, Of } from "../../api/definitions";

export type Entry = {
  of: Of;
  name: string;
  /** Whether it has ever come; a name may be defined before. */
  seen: boolean;
  count: number;
  /** How many came in the last 30 days; null where that is not known of all at once. */
  recent: number | null;
  lastSeen: string | null;
  types: { type: string; count: number }[];
  sample: string | number | boolean | null;
  /** Why it looks personal; null where it does not. */
  personal: string | null;
  /** Names that are likely the same thing. */
  alike: string[];
  said: { id: string; version: number } | null;
  description: string;
  hidden: boolean;
  verified: boolean;
  verifiedBy: string | null;
  verifiedAt: string | null;
};

const UNSAID = {
  said: null,
  description: "",
  hidden: false,
  verified: false,
  verifiedBy: null,
  verifiedAt: null,
};

function words(definition: DefinedEvent["definition"] | DefinedProperty["definition"]) {
  if (!definition) return UNSAID;
  const { id, version, description, hidden, verified } = definition;
  const { verified_by: verifiedBy, verified_at: verifiedAt } = definition;
  return { said: { id, version }, description, hidden, verified, verifiedBy, verifiedAt };
}

export function fromEvent(event: DefinedEvent): Entry {
  const { name, seen, count, count_in_range: recent, last_seen: lastSeen, alike, definition } = event;
  const none = { types: [], sample: null, personal: null };
  return { of: "events", name, seen, count, recent, lastSeen, alike, ...none, ...words(definition) };
}

export function fromProperty(of: "event" | "user", property: DefinedProperty): Entry {
  const { name, seen, count, types, sample, alike, definition } = property;
  const personal = property.looks_personal ? (property.personal_reason ?? "by its name") : null;
  const none = { recent: null, lastSeen: null };
  return { of, name, seen, count, types, sample, personal, alike, ...none, ...words(definition) };
}

export type Flag = { id: "personal" | "mixed" | "alike" | "unseen"; text: string; why: string };

/** What is worth a look at a name. */
export function flagsOf(entry: Entry): Flag[] {
  const flags: Flag[] = [];
  if (entry.personal !== null) {
    flags.push({
      id: "personal",
      text: "Looks personal",
      why: `${sentence(entry.personal)} Check that it may be collected; its values are not shown here.`,
    });
  }
  if (entry.types.length > 1) {
    const types = new Intl.ListFormat("en").format(entry.types.map(({ type }) => type));
    flags.push({
      id: "mixed",
      text: "Mixed types",
      why: `Its values are of several types: ${types}. A filter compares with one of them: “10” is not 10.`,
    });
  }
  if (entry.alike.length > 0) {
    const names = new Intl.ListFormat("en").format(entry.alike.map((name) => `“${name}”`));
    flags.push({
      id: "alike",
      text: "Likely duplicate",
      why: `Differs only in case, spaces, underscores or hyphens from ${names}. They are counted apart: choose one where it is sent.`,
    });
  }
  if (!entry.seen) {
    flags.push({
      id: "unseen",
      text: "Never seen",
      why: "It is defined here and has never come: check where it is sent, and its spelling.",
    });
  }
  return flags;
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

export const SHOWS = [
  { id: "all", text: "All" },
  { id: "visible", text: "Not hidden" },
  { id: "hidden", text: "Hidden" },
  { id: "verified", text: "Verified" },
  { id: "unverified", text: "Not verified" },
  { id: "flagged", text: "With a flag" },
] as const;

export type Show = (typeof SHOWS)[number]["id"];

/** The entries whose name or description holds the text, and that are of the kind that is asked for. */
export function narrowed(entries: readonly Entry[], search: string, show: Show): Entry[] {
  const wanted = search.trim().toLowerCase();
  return entries.filter((entry) => {
    const found =
      entry.name.toLowerCase().includes(wanted) || entry.description.toLowerCase().includes(wanted);
    return found && isShown(entry, show);
  });
}

function isShown(entry: Entry, show: Show): boolean {
  switch (show) {
    case "all":
      return true;
    case "visible":
      return !entry.hidden;
    case "hidden":
      return entry.hidden;
    case "verified":
      return entry.verified;
    case "unverified":
      return !entry.verified;
    case "flagged":
      return flagsOf(entry).length > 0;
  }
}
