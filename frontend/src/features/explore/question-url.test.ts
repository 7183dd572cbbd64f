import { describe, expect, it } from "vitest";
import { NEW_SERIES, defaultQuestion, type Question } from "./question";
import { readQuestion, writeQuestion } from "./question-url";

const zone = "Europe/Berlin";

function roundTrip(question: Question) {
  return readQuestion(writeQuestion(question), "UTC");
}

const everything: Question = {
  series: [
    {
      event: "commit",
      aggregation: "p90",
      property: "files",
      filter: {
        match: "any",
        conditions: [
          { scope: "event", property: "merge", operator: "equals", value: false },
          { scope: "event", property: "utm.source~x", operator: "contains", value: 'a "b".c' },
        ],
      },
    },
    { ...NEW_SERIES, event: "*", aggregation: "unique_users" },
  ],
  filter: {
    match: "any",
    conditions: [
      { scope: "user", property: "plan", operator: "in", value: ["pro", "10", 10, true] },
      { scope: "user", property: "commits", operator: "greater_or_equal", value: -1.5 },
      { scope: "event", property: "area", operator: "is_not_set" },
    ],
  },
  period: { kind: "days", from: "2024-01-01", to: "2024-12-31" },
  interval: "quarter",
  timezone: "Asia/Kolkata",
  view: "table",
};

describe("writeQuestion", () => {
  it("writes the default question short and with its time zone", () => {
    expect(writeQuestion(defaultQuestion(zone))).toBe("?event=*&last=4w&tz=Europe/Berlin");
  });

  it("writes what a person can read", () => {
    expect(decodeURIComponent(writeQuestion(everything))).toBe(
      '?event=commit&agg=p90&of=files&if=event.equals.merge.false&if=event.contains.utm~dsource~~x."a \\"b\\".c"' +
        '&if-match=any&event=*&agg=unique_users&where=user.in.plan.["pro","10",10,true]' +
        "&where=user.greater_or_equal.commits.-1.5&where=event.is_not_set.area&where-match=any" +
        "&from=2024-01-01&to=2024-12-31&by=quarter&tz=Asia/Kolkata&view=table",
    );
  });
});

describe("readQuestion", () => {
  it("reads back all that a question can be", () => {
    expect(roundTrip(everything)).toEqual({ question: everything, problems: [] });
  });

  it.each(["Größe", "حدث", "🍞", "a&b=c#d?e+f%20", "x".repeat(200), ".~d~", "\u0000"])(
    "reads back the name %j",
    (name) => {
      const question: Question = {
        ...defaultQuestion("UTC"),
        series: [
          {
            event: name,
            aggregation: "sum",
            property: name,
            filter: {
              match: "all",
              conditions: [{ scope: "user", property: name, operator: "equals", value: name }],
            },
          },
        ],
      };
      expect(roundTrip(question)).toEqual({ question, problems: [] });
    },
  );

  it("keeps the JSON type of a value", () => {
    for (const value of ["10", 10, "true", true, "", 1e300]) {
      const question: Question = {
        ...defaultQuestion("UTC"),
        filter: { match: "all", conditions: [{ scope: "event", property: "p", operator: "equals", value }] },
      };
      expect(roundTrip(question).question.filter.conditions[0]?.value).toBe(value);
    }
  });

  it("keeps conditions that are half made", () => {
    const question: Question = {
      ...defaultQuestion("UTC"),
      filter: {
        match: "all",
        conditions: [
          { scope: "event", property: "", operator: "equals" },
          { scope: "user", property: "plan", operator: "in" },
        ],
      },
    };
    expect(roundTrip(question)).toEqual({ question, problems: [] });
  });

  it("gives an empty address the default question in the reader's zone", () => {
    expect(readQuestion("", zone)).toEqual({ question: defaultQuestion(zone), problems: [] });
  });

  it.each([
    ["?event=", "event"],
    [`?event=${"x".repeat(201)}`, "event"],
    ["?agg=total", "agg"],
    ["?event=a&agg=mode", "agg"],
    ["?event=a&of=", "of"],
    ["?where=event.like.p.1", "where"],
    ["?where=event.equals.p.{}", "where"],
    ["?where=event.equals.p.[[1]]", "where"],
    ["?where=event.equals.p.null", "where"],
    ["?where=session.equals.p.1", "where"],
    ["?if=event.equals.p.1", "if"],
    ["?where-match=some", "match"],
    ["?last=0d", "last"],
    ["?last=12y", "last"],
    ["?from=2024-02-30&to=2024-03-01", "day"],
    ["?from=2024-03-02&to=2024-03-01", "reversed"],
    ["?from=2024-03-02", "half"],
    ["?by=minute", "by"],
    ["?tz=Mars/Olympus", "tz"],
    ["?tz=%2B05:30", "offset"],
    ["?view=pie", "view"],
    ["?utm_source=mail", "unknown"],
  ])("leaves out what it cannot read, and says so: %s", (search) => {
    const { question, problems } = readQuestion(search, zone);
    expect(problems).toHaveLength(1);
    // Whatever was left out, the rest is a question that reads back the same.
    expect(roundTrip(question)).toEqual({ question, problems: [] });
  });

  it("takes ten series and no more", () => {
    const search = "?" + Array.from({ length: 11 }, (_, index) => `event=e${index}`).join("&");
    const { question, problems } = readQuestion(search, zone);
    expect(question.series).toHaveLength(10);
    expect(problems).toHaveLength(1);
  });

  it("drops a property that the aggregation has no use for", () => {
    expect(readQuestion("?event=a&of=p", zone).question.series[0]).not.toHaveProperty("property");
  });
});
