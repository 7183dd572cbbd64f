import { expect, it } from "vitest";
import type { DefinedEvent, DefinedProperty } from "../../api/definitions";
import { readQuestion } from "../explore/question-url";
import { flagsOf, fromEvent, fromProperty, narrowed } from "./entries";
import { exploreName } from "./explore-name";

const event: DefinedEvent = {
  name: "sign_up",
  seen: true,
  count: 12,
  count_in_range: 3,
  first_seen: "2026-11-01T00:00:00Z",
  last_seen: "2026-11-20T00:00:00Z",
  alike: [],
  definition: null,
};

const definition = {
  id: "d1",
  version: 2,
  created_at: "2026-11-01T00:00:00Z",
  created_by: "ada@example.com",
  updated_at: "2026-11-01T00:00:00Z",
  updated_by: "ada@example.com",
  description: "A new customer.",
  hidden: false,
  verified: true,
  verified_at: "2026-11-02T00:00:00Z",
  verified_by: "ada@example.com",
};

const property: DefinedProperty = {
  name: "plan",
  seen: true,
  count: 9,
  types: [{ type: "string", count: 9 }],
  mixed_types: false,
  sample: "pro",
  looks_personal: false,
  personal_reason: null,
  alike: [],
  definition: null,
};

it("knows what was said, and what was not", () => {
  expect(fromEvent(event)).toMatchObject({ said: null, description: "", recent: 3, verified: false });
  const named = { ...definition, name: "sign_up" };
  expect(fromEvent({ ...event, definition: named })).toMatchObject({
    said: { id: "d1", version: 2 },
    description: "A new customer.",
    verifiedBy: "ada@example.com",
  });
});

it("flags what is worth a look, with the reason", () => {
  expect(flagsOf(fromProperty("event", property))).toEqual([]);
  const odd = fromProperty("user", {
    ...property,
    seen: false,
    types: [
      { type: "string", count: 5 },
      { type: "number", count: 4 },
    ],
    looks_personal: true,
    personal_reason: "the word “email”",
    alike: ["Plan"],
  });
  const flags = flagsOf(odd);
  expect(flags.map(({ id }) => id)).toEqual(["personal", "mixed", "alike", "unseen"]);
  expect(flags[0]?.why).toMatch(/^The word “email”\. Check/);
  expect(flags[1]?.why).toContain("string and number");
  expect(flags[2]?.why).toContain("“Plan”");
});

it("finds by name and description, and by what is shown", () => {
  const entries = [
    fromEvent(event),
    fromEvent({ ...event, name: "login", definition: { ...definition, name: "login" } }),
    fromEvent({
      ...event,
      name: "ping",
      definition: { ...definition, name: "ping", hidden: true, verified: false },
    }),
    fromEvent({ ...event, name: "plan made", seen: false }),
  ];
  const names = (search: string, show: Parameters<typeof narrowed>[2]) =>
    narrowed(entries, search, show).map(({ name }) => name);
  expect(names("", "all")).toHaveLength(4);
  expect(names(" SIGN ", "all")).toEqual(["sign_up"]);
  expect(names("customer", "all")).toEqual(["login", "ping"]);
  expect(names("", "hidden")).toEqual(["ping"]);
  expect(names("", "visible")).toEqual(["sign_up", "login", "plan made"]);
  expect(names("", "verified")).toEqual(["login"]);
  expect(names("", "unverified")).toEqual(["sign_up", "ping", "plan made"]);
  expect(names("", "flagged")).toEqual(["plan made"]);
});

it("leads to a question about the name", () => {
  const asked = (of: "events" | "event" | "user") => {
    const { question, problems } = readQuestion(
      exploreName({ of, name: "a.b c" }).slice("/explore".length),
      "UTC",
    );
    expect(problems).toEqual([]);
    return question;
  };
  expect(asked("events")).toMatchObject({ series: [{ event: "a.b c" }] });
  expect(asked("event").filter.conditions).toEqual([
    { scope: "event", property: "a.b c", operator: "is_set" },
  ]);
  expect(asked("user").filter.conditions).toMatchObject([{ scope: "user" }]);
});
