// A bakery's data, made up: the same on every day, with names that try the layout.
import type { components } from "../src/api/schema.gen";

type Schemas = components["schemas"];

/** When the gallery is looked at, as far as its data go. The tests set the browser's clock to it. */
export const NOW = "2024-12-10T09:30:00Z";

export const GERMAN = "Bestellung im Onlineshop abgeschickt";
export const ARABIC = "تم إنشاء حساب جديد";
export const EMOJI = "🥐 croissant 👩🏽‍🍳 baked";
/** As long as a name may be, and without a place to break it. */
export const LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikant_".repeat(4).slice(0, 200);

export const ago = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
export const uuid = (number: number) => `01900000-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** A wave with some noise, which is the same each time. */
export function wave(count: number, seed: number, size: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const noise = Math.sin((index + 1) * 12.9898 * seed) * 43758.5453;
    return Math.round(size * (1 + 0.4 * Math.sin((index + seed) / 1.7) + 0.15 * (noise - Math.floor(noise))));
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export const events = (names: readonly string[]): Schemas["EventList"] => ({
  events: names.map((name, index) => ({
    name,
    count: Math.round(120_000 / (index + 1)),
    first_seen: "2023-11-02T08:00:00Z",
    last_seen: ago(4 + index),
  })),
});

export const properties: Schemas["PropertyList"] = {
  properties: [
    { name: "amount", types: ["number"], count: 80_211 },
    { name: "city", types: ["string"], count: 120_000 },
    { name: "مدينة", types: ["string"], count: 1_200 },
  ],
};

export const pipeline: Schemas["Pipeline"] = {
  last_load: ago(2),
  lag_seconds: 41,
  rows_loaded: 1_204_882,
  files_loaded: 8_411,
  files_waiting: 2,
  files_quarantined: 0,
  quarantined: [],
};

export const troubled: Schemas["Pipeline"] = {
  ...pipeline,
  files_quarantined: 2,
  quarantined: [
    {
      object: `events/2024/12/09/14/dataloaf-events-1-2024-12-09-14-02-11-${uuid(7)}.gz`,
      reason: "line 4,211: invalid character 'x' in literal true (expecting 'r')",
      at: ago(1_200),
    },
    { object: "users/2024/12/09/15/short.gz", reason: "unexpected end of file", at: ago(1_140) },
  ],
};

export const notLoaded: Schemas["Pipeline"] = {
  ...pipeline,
  last_load: null,
  lag_seconds: null,
  rows_loaded: 0,
  files_loaded: 0,
  files_waiting: 0,
};

/** The months of 2024, in UTC. */
export const MONTHS = Array.from(
  { length: 12 },
  (_, month) => `2024-${String(month + 1).padStart(2, "0")}-01T00:00:00Z`,
);

/** Monthly totals of 2024; all of them 0 without a size. */
export function trend(
  series: readonly { event: string; breakdown?: string | null }[],
  size = 4_000,
): Schemas["TrendAnswer"] {
  return {
    kind: "trend",
    buckets: MONTHS,
    series: series.map(({ event, breakdown = null }, index) => {
      const values = wave(MONTHS.length, index + 1, size / (index + 1));
      return { event, aggregation: { type: "total" }, breakdown, count: sum(values), values };
    }),
    data: { load_id: 812, loaded_at: ago(2) },
    elapsed_ms: 182,
  };
}

function steps(names: readonly string[], users: number): Schemas["FunnelStep"][] {
  return names.map((event, index) => ({
    event,
    users: Math.round(users * 0.55 ** index),
    conversion: users === 0 ? 0 : 0.55 ** index,
    step_conversion: index === 0 || users === 0 ? null : 0.55,
    median_seconds: index === 0 || users === 0 ? null : 90 * 60 ** index,
  }));
}

export function funnel(
  names: readonly string[],
  { users = 8_214, groups = [] }: { users?: number; groups?: readonly (string | null)[] } = {},
): Schemas["FunnelAnswer"] {
  return {
    kind: "funnel",
    steps: steps(names, users),
    ...(groups.length > 0
      ? {
          groups: groups.map((breakdown, index) => ({
            breakdown,
            steps: steps(names, Math.round(users / (index + 2))),
          })),
        }
      : {}),
    data: { load_id: 812, loaded_at: ago(2) },
  };
}

/** Twelve months of cohorts; all of them without users where there shall be none. */
export function retention(users = 940): Schemas["RetentionAnswer"] {
  const sizes = users === 0 ? MONTHS.map(() => 0) : wave(MONTHS.length, 3, users);
  return {
    kind: "retention",
    cohorts: MONTHS.map((cohort, index) => ({
      cohort,
      size: sizes[index] ?? 0,
      values: Array.from({ length: 13 }, (_, period) =>
        index + period > 11
          ? 0
          : Math.round((sizes[index] ?? 0) * (period === 0 ? 1 : 0.5 / Math.sqrt(period))),
      ),
    })),
    data: { load_id: 812, loaded_at: ago(2) },
  };
}

const range = { from: "2024-01-01", to: "2024-12-31" };

export const trendQuery = (...names: string[]): Schemas["TrendQuery"] => ({
  kind: "trend",
  range,
  timezone: "UTC",
  interval: "month",
  series: names.map((event) => ({ event, aggregation: { type: "total" } })),
});

export const funnelQuery = (...names: string[]): Schemas["FunnelQuery"] => ({
  kind: "funnel",
  range,
  timezone: "UTC",
  steps: names.map((event) => ({ event })),
  window: "7d",
});

export const retentionQuery: Schemas["RetentionQuery"] = {
  kind: "retention",
  range,
  timezone: "UTC",
  cohort_event: "account created",
  return_event: "order placed",
  interval: "month",
  periods: 12,
};

export const saved = (number: number) => ({
  id: uuid(number),
  version: 3,
  created_at: "2024-02-01T08:00:00Z",
  created_by: "ada@example.com",
  updated_at: ago(number * 95),
  updated_by: number % 2 === 0 ? "grace.brewster.murray.hopper@navy.example.com" : "ada@example.com",
});

export const insight = (
  number: number,
  name: string,
  query: Schemas["Query"],
  view?: string,
  description = "",
): Schemas["Insight"] => ({
  ...saved(number),
  name,
  description,
  query,
  ...(view === undefined ? {} : { display: { view } }),
});

export const insights: readonly Schemas["Insight"][] = [
  insight(1, "Orders a month", trendQuery("order placed"), "line", "What the shop lives of."),
  insight(2, "Orders and visits", trendQuery("order placed", "visit"), "stacked"),
  insight(3, "Orders in numbers", trendQuery("order placed"), "number"),
  insight(4, GERMAN, trendQuery(GERMAN, EMOJI), "table", `Wie oft „${GERMAN}“ geschieht.`),
  insight(5, "From visit to order", funnelQuery("visit", "basket filled", "order placed")),
  insight(6, "Who comes back", retentionQuery, "percent"),
  insight(7, ARABIC, trendQuery(ARABIC), "bar", "كل شهر من عام ٢٠٢٤"),
  insight(8, `${EMOJI} 🎂🍞🥖`, trendQuery(EMOJI), "area"),
  insight(9, LONG, trendQuery(LONG, ARABIC), "line", `${LONG} ${LONG}`),
];

/** The answer to one of the insights above. */
export function answerTo({ query }: Schemas["Insight"], empty = false): Schemas["Answer"] {
  switch (query.kind) {
    case "funnel":
      return funnel(
        query.steps.map(({ event }) => event),
        empty ? { users: 0 } : {},
      );
    case "retention":
      return retention(empty ? 0 : undefined);
    case "trend":
      return trend(
        query.series.map(({ event }) => ({ event })),
        empty ? 0 : undefined,
      );
    case "stickiness":
    case "lifecycle":
    case "paths":
      throw new Error(`no insight of the gallery is a ${query.kind}`);
  }
}

const TEXT = `# What this is

The **bakery's** year, asked anew after every load. See [Orders](/insights/${uuid(1)}), or
[the handbook](https://example.com/).

## Words

1. An *order* is \`order placed\`.
2. A visit is no order.
   - Not even a long one.

> Bread first.

مرحبا بكم في المخبز — السنة كلها.

\`\`\`
SELECT count(*) FROM events WHERE event = 'order placed' AND properties->>'channel' = 'shop'
\`\`\`

<b>HTML</b> stays what it is.`;

type Place = Schemas["Layout"];
const at = (x: number, y: number, w: number, h: number): Place => ({ x, y, w, h });
const text = (id: string, words: string, layout: Place): Schemas["Card"] => ({
  id,
  kind: "text",
  text: words,
  layout,
});
const shows = (number: number, layout: Place): Schemas["Card"] => ({
  id: `card-of-${number}`,
  kind: "insight",
  insight_id: uuid(number),
  layout,
});

export const dashboard = (
  number: number,
  name: string,
  cards: Schemas["Card"][],
  description = "",
): Schemas["Dashboard"] => ({ ...saved(number), name, description, cards });

export const fullDashboard = dashboard(
  1,
  "The bakery",
  [
    shows(1, at(0, 0, 8, 6)),
    text("text", TEXT, at(8, 0, 4, 6)),
    shows(3, at(0, 6, 3, 5)),
    shows(2, at(3, 6, 5, 5)),
    shows(7, at(8, 6, 4, 5)),
    shows(5, at(0, 11, 6, 8)),
    shows(6, at(6, 11, 6, 8)),
    shows(4, at(0, 19, 6, 6)),
    shows(8, at(6, 19, 6, 6)),
    shows(9, at(0, 25, 12, 6)),
  ],
  "Everything that we look at on Mondays.",
);

export const oddDashboard = dashboard(
  2,
  LONG,
  [
    text("german", `## ${LONG}\n\n${LONG}`, at(0, 0, 4, 5)),
    text("arabic", `## ${ARABIC}\n\n- ${ARABIC}\n- ${EMOJI}`, at(4, 0, 4, 5)),
    shows(9, at(8, 0, 4, 5)),
    shows(7, at(0, 5, 2, 4)),
    shows(5, at(2, 5, 2, 4)),
    shows(3, at(4, 5, 2, 4)),
  ],
  `${ARABIC} ${EMOJI} ${LONG}`,
);

export const dashboards: readonly Schemas["Dashboard"][] = [
  fullDashboard,
  oddDashboard,
  dashboard(3, ARABIC, []),
  dashboard(4, GERMAN, []),
];

const raw = (number: number, event: string, user: string | null, about: Record<string, unknown>) => ({
  event_id: uuid(100 + number),
  event,
  user_id: user,
  timestamp: ago(number * 17 + 1),
  properties: about,
});

const EVENTS = [
  { event: "order placed", user: "ada", about: { amount: 12.5, express: true, items: ["rye", "bagel"] } },
  { event: GERMAN, user: "jürgen.müller@bäckerei.example", about: { Straße: "Große Straße 7", Betrag: 8.2 } },
  { event: ARABIC, user: "مريم", about: { مدينة: "القاهرة" } },
  { event: EMOJI, user: null, about: {} },
  { event: LONG, user: LONG, about: { [LONG]: LONG } },
  { event: "visit", user: "ada", about: { path: "/bread", referrer: null } },
];

export const activity: Schemas["EventPage"] = {
  events: Array.from({ length: 18 }, (_, index) => {
    const { event, user, about } = EVENTS[index % EVENTS.length] ?? { event: "visit", user: null, about: {} };
    return raw(index, event, user, about);
  }),
  next_cursor: null,
};

const person = (id: string, attributes: Record<string, unknown>, count: number): Schemas["Person"] => ({
  user_id: id,
  created_at: count === 0 ? null : "2024-01-05T10:00:00Z",
  attributes,
  first_seen: count === 0 ? null : "2024-01-05T10:01:00Z",
  last_seen: count === 0 ? null : ago(count),
  event_count: count,
});

export const people: Schemas["UserPage"] = {
  users: [
    person("ada", { plan: "pro", email: "ada@example.com", orders: 41, tags: ["early", "loyal"] }, 1_204),
    person("jürgen.müller@bäckerei.example", { Straße: "Große Straße 7", Stadt: "Köln" }, 88),
    person("مريم", { مدينة: "القاهرة", plan: "free" }, 17),
    person("🥖-fan-👩🏽‍🍳", { mood: "🥐🥐🥐" }, 3),
    person(LONG, { [LONG]: LONG }, 12),
    person("attributes-alone", { plan: "free" }, 0),
    person("events-alone", {}, 2),
  ],
  next_cursor: null,
};

export const profile = (id: string, attributes: Record<string, unknown>): Schemas["UserProfile"] => ({
  ...person(id, attributes, 1_204),
  events: EVENTS.map(({ event, about }, index) => {
    const { event_id, timestamp } = raw(index, event, id, about);
    return { event_id, event, timestamp, properties: about };
  }),
  next_cursor: null,
});

export const session = (role: Schemas["Role"]): Schemas["Session"] => ({
  user: { email: "ada@example.com", role },
  expires_at: "2024-12-11T09:30:00Z",
  collection_url: "https://abc123.execute-api.eu-central-1.amazonaws.com/live",
});

const member = (
  number: number,
  email: string,
  role: Schemas["Role"],
  state: Schemas["Member"]["state"],
): Schemas["Member"] => ({
  id: uuid(number),
  email,
  role,
  state,
  first_admin: number === 1,
  link_expires_at: state === "invited" ? "2024-12-16T09:30:00Z" : null,
  created_at: number === 1 ? null : "2024-03-01T09:00:00Z",
  created_by: number === 1 ? null : "ada@example.com",
});

export const members: Schemas["MemberList"] = {
  members: [
    member(1, "ada@example.com", "admin", "active"),
    member(2, "grace.brewster.murray.hopper@navy.example.com", "editor", "active"),
    member(3, `${"jürgen.von.und.zu.".repeat(9)}@bäckerei.example`, "viewer", "invited"),
    member(4, "gone@example.com", "viewer", "disabled"),
  ],
};

export const tokens: Schemas["TokenList"] = {
  tokens: [
    {
      id: uuid(1),
      name: "nightly report",
      hint: "loaf_1a2b",
      scopes: ["read", "write"],
      expires_at: "2025-03-01T00:00:00Z",
      last_used_at: ago(70),
      created_at: "2024-03-01T09:00:00Z",
      created_by: "ada@example.com",
    },
    {
      id: uuid(2),
      name: LONG,
      hint: "loaf_9z8y",
      scopes: ["read"],
      expires_at: null,
      last_used_at: null,
      created_at: ago(9),
      created_by: "grace.brewster.murray.hopper@navy.example.com",
    },
  ],
  configured: 1,
};
