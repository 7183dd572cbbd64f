import { describe, expect, it } from "vitest";
import {
  NEW_SERIES,
  defaultQuestion,
  type FunnelQuestion,
  type LifecycleQuestion,
  type PathsQuestion,
  type Question,
  type RetentionQuestion,
  type StickinessQuestion,
  type TrendQuestion,
} from "./question";
import { readQuestion, writeQuestion } from "./question-url";

const zone = "Europe/Berlin";

function roundTrip(question: Question) {
  return readQuestion(writeQuestion(question), "UTC");
}

const everything: TrendQuestion = {
  kind: "trend",
  series: [
    {
      event: "commit",
      aggregation: "p90",
      property: "files",
      label: "Files & more",
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
  formulas: [
    { expression: "A / B * 100 + 1" },
    { expression: "-A", label: "Minus & more" },
    { expression: "" },
  ],
  filter: {
    match: "any",
    conditions: [
      { scope: "user", property: "plan", operator: "in", value: ["pro", "10", 10, true] },
      { scope: "user", property: "commits", operator: "greater_or_equal", value: -1.5 },
      { scope: "event", property: "area", operator: "is_not_set" },
      { scope: "cohort", operator: "not_in", value: "0197b1a0-7b1e-7000-8000-000000000001" },
      { scope: "cohort", operator: "in" },
    ],
  },
  period: { kind: "days", from: "2024-01-01", to: "2024-12-31" },
  interval: "quarter",
  timezone: "Asia/Kolkata",
  breakdown: { scope: "user", property: "utm.source~x", limit: 25 },
  compare: true,
  view: "table",
};

const funnel: FunnelQuestion = {
  kind: "funnel",
  steps: [
    { event: "visit", filter: { match: "all", conditions: [] } },
    {
      event: "order",
      filter: {
        match: "any",
        conditions: [
          { scope: "event", property: "amount", operator: "greater_than", value: 0 },
          { scope: "user", property: "plan", operator: "is_set" },
        ],
      },
    },
    { event: "*", filter: { match: "all", conditions: [] } },
  ],
  window: "12h",
  filter: {
    match: "all",
    conditions: [{ scope: "user", property: "plan", operator: "equals", value: "pro" }],
  },
  period: { kind: "last", last: "3mo" },
  timezone: "UTC",
  breakdown: { scope: "event", property: "area", limit: 10 },
};

const retention: RetentionQuestion = {
  kind: "retention",
  cohortEvent: "signup",
  returnEvent: "visit",
  filter: { match: "all", conditions: [{ scope: "event", property: "area", operator: "is_set" }] },
  period: { kind: "days", from: "2024-01-01", to: "2024-03-31" },
  interval: "week",
  periods: 8,
  timezone: "Europe/Berlin",
  view: "users",
};

const stickiness: StickinessQuestion = {
  kind: "stickiness",
  series: [
    funnel.steps[1] ?? { event: "order", filter: { match: "all", conditions: [] } },
    { event: "*", filter: { match: "all", conditions: [] } },
  ],
  filter: funnel.filter,
  period: { kind: "last", last: "3mo" },
  interval: "week",
  timezone: "UTC",
  view: "table",
};

const lifecycle: LifecycleQuestion = {
  kind: "lifecycle",
  event: "order placed",
  filter: funnel.filter,
  period: { kind: "days", from: "2024-01-01", to: "2024-12-31" },
  interval: "month",
  timezone: "Asia/Kolkata",
  view: "table",
};

const paths: PathsQuestion = {
  kind: "paths",
  event: "order",
  direction: "before",
  steps: 5,
  window: "30m",
  limit: 20,
  filter: funnel.filter,
  period: { kind: "last", last: "7d" },
  timezone: "UTC",
};

describe("writeQuestion", () => {
  it("writes the default question short and with its time zone", () => {
    expect(writeQuestion(defaultQuestion(zone))).toBe("?event=*&last=4w&tz=Europe/Berlin");
  });

  it("writes what a person can read", () => {
    expect(decodeURIComponent(writeQuestion(everything))).toBe(
      '?event=commit&agg=p90&of=files&as=Files & more&if=event.equals.merge.false&if=event.contains.utm~dsource~~x."a \\"b\\".c"' +
        '&if-match=any&event=*&agg=unique_users&calc=A / B * 100 + 1&calc=-A&as=Minus & more&calc=&where=user.in.plan.["pro","10",10,true]' +
        "&where=user.greater_or_equal.commits.-1.5&where=event.is_not_set.area&where=cohort.not_in.0197b1a0-7b1e-7000-8000-000000000001&where=cohort.in&where-match=any" +
        "&split=user.utm~dsource~~x&top=25&from=2024-01-01&to=2024-12-31&by=quarter&compare=previous" +
        "&tz=Asia/Kolkata&view=table",
    );
  });
});

it("writes a funnel and a retention", () => {
  expect(decodeURIComponent(writeQuestion(funnel))).toBe(
    "?kind=funnel&event=visit&event=order&if=event.greater_than.amount.0&if=user.is_set.plan&if-match=any&event=*" +
      '&window=12h&where=user.equals.plan."pro"&split=event.area&last=3mo&tz=UTC',
  );
  expect(decodeURIComponent(writeQuestion(retention))).toBe(
    "?kind=retention&event=signup&return=visit&periods=8&where=event.is_set.area" +
      "&from=2024-01-01&to=2024-03-31&by=week&tz=Europe/Berlin&show=users",
  );
});

it("writes a stickiness, a lifecycle and paths, what is at its default left out", () => {
  expect(
    writeQuestion({ ...stickiness, series: [{ event: "a", filter: { match: "all", conditions: [] } }] }),
  ).toBe("?kind=stickiness&event=a&where=user.equals.plan.%22pro%22&last=3mo&by=week&tz=UTC&view=table");
  expect(writeQuestion({ ...lifecycle, interval: null, view: "stacked" })).toBe(
    "?kind=lifecycle&event=order%20placed&where=user.equals.plan.%22pro%22&from=2024-01-01&to=2024-12-31&tz=Asia/Kolkata",
  );
  expect(writeQuestion({ ...paths, direction: "after", steps: 3, window: "7d", limit: 10 })).toBe(
    "?kind=paths&event=order&where=user.equals.plan.%22pro%22&last=7d&tz=UTC",
  );
});

it.each([
  ["?kind=paths&event=a&steps=6", "“6” is no number of steps from 1 to 5."],
  ["?kind=paths&event=a&top=51", "“51” is no number of events from 1 to 50."],
  [
    "?kind=paths&event=a&direction=sideways",
    "“sideways” is no direction of paths: they lead “after” or “before” the event.",
  ],
  ["?kind=paths&event=a&window=1y", "“1y” is no window; one is written 30m, 12h or 7d."],
  ["?kind=paths&event=a&split=event.x", "“split” means nothing in paths."],
  [
    "?kind=stickiness&event=a&by=year",
    "“year” is no interval of a stickiness: it goes by day, week or month.",
  ],
  ["?kind=stickiness&event=a&view=area", "“area” is no way to show a stickiness."],
  ["?kind=lifecycle&event=a&view=line", "“line” is no way to show a lifecycle."],
  ["?kind=lifecycle&event=a&event=", "An event’s name has 1 to 200 characters."],
  ["?event=a&calc=" + "A".repeat(501), "A formula has at most 500 characters."],
  ["?event=a&where=cohort.equals.x", "The filter “cohort.equals.x” could not be read."],
])("tells what is wrong with %s", (search, problem) => {
  const { problems } = readQuestion(`${search}&last=7d&tz=UTC`, "UTC");
  expect(problems).toEqual([problem]);
});

it("takes ten formulas and no more", () => {
  const { question, problems } = readQuestion(`?event=a${"&calc=A".repeat(11)}&tz=UTC`, "UTC");
  expect(question.kind === "trend" && question.formulas).toHaveLength(10);
  expect(problems).toEqual(["Only 10 formulas fit in one question; “A” was left out."]);
});

describe("readQuestion", () => {
  it.each([everything, funnel, retention, stickiness, lifecycle, paths])(
    "reads back all that a $kind can be",
    (question) => {
      expect(roundTrip(question)).toEqual({ question, problems: [] });
    },
  );

  it("reads the addresses that were written before there were other kinds", () => {
    const { question, problems } = readQuestion(
      "?event=commit&agg=p90&of=files&last=4w&by=day&tz=Europe/Berlin&view=bar",
      "UTC",
    );
    expect(problems).toEqual([]);
    expect(question).toMatchObject({ kind: "trend", breakdown: null, compare: false, view: "bar" });
  });

  it("fills a funnel up to two steps, and takes ten and no more", () => {
    const one = readQuestion("?kind=funnel&event=a", zone).question;
    expect(one.kind === "funnel" && one.steps.map(({ event }) => event)).toEqual(["a", "*"]);
    const search = "?kind=funnel&" + Array.from({ length: 11 }, (_, index) => `event=e${index}`).join("&");
    const { question, problems } = readQuestion(search, zone);
    expect(question.kind === "funnel" && question.steps).toHaveLength(10);
    expect(problems).toHaveLength(1);
  });

  it("has no use for a number of groups without a breakdown", () => {
    expect(readQuestion("?event=a&top=5", zone)).toMatchObject({
      question: { breakdown: null },
      problems: [],
    });
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
    ["?kind=pie", "kind"],
    ["?event=a&as=", "label"],
    ["?as=Name", "label of nothing"],
    ["?split=event.", "breakdown"],
    ["?split=session.area", "breakdown"],
    ["?split=event.a.b", "breakdown"],
    ["?split=event.a&top=0", "groups"],
    ["?split=event.a&top=1001", "groups"],
    ["?compare=last_year", "compare"],
    ["?window=7d", "window of a trend"],
    ["?kind=funnel&window=7w", "window"],
    ["?kind=funnel&window=36501d", "window"],
    ["?kind=funnel&agg=sum", "aggregation of a funnel"],
    ["?kind=funnel&by=day", "interval of a funnel"],
    ["?kind=retention&by=hour", "interval"],
    ["?kind=retention&periods=61", "periods"],
    ["?kind=retention&periods=1e1", "periods"],
    ["?kind=retention&return=", "return"],
    ["?kind=retention&show=pie", "show"],
    ["?kind=retention&split=event.a", "breakdown of a retention"],
  ])("leaves out what it cannot read, and says so: %s", (search) => {
    const { question, problems } = readQuestion(search, zone);
    expect(problems).toHaveLength(1);
    // Whatever was left out, the rest is a question that reads back the same.
    expect(roundTrip(question)).toEqual({ question, problems: [] });
  });

  it("takes ten series and no more", () => {
    const search = "?" + Array.from({ length: 11 }, (_, index) => `event=e${index}`).join("&");
    const { question, problems } = readQuestion(search, zone);
    expect(question.kind === "trend" && question.series).toHaveLength(10);
    expect(problems).toHaveLength(1);
  });

  it("drops a property that the aggregation has no use for", () => {
    const { question } = readQuestion("?event=a&of=p", zone);
    expect(question.kind === "trend" && question.series[0]).not.toHaveProperty("property");
  });
});
