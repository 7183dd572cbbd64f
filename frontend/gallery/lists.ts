// Cohorts, alerts, definitions, deletions and audits, made up as fixtures.ts is.
import type { components } from "../src/api/schema.gen";
import { ARABIC, EMOJI, GERMAN, LONG, NOW, ago, insights, saved, uuid } from "./fixtures";

type Schemas = components["schemas"];

const DAY = 86_400_000;
const last90: Schemas["Range"] = { last: "90d" };

const cohort = (
  number: number,
  name: string,
  definition: Schemas["CohortDefinition"],
  description = "",
): Schemas["SavedCohort"] => ({ ...saved(number), name, description, definition });

export const cohorts: readonly Schemas["SavedCohort"][] = [
  cohort(
    1,
    "Regulars",
    {
      match: "all",
      timezone: "Europe/Berlin",
      conditions: [
        { type: "event", event: "order placed", range: last90, done: true, at_least: 5 },
        { type: "event", event: "complaint sent", range: last90, done: false, at_least: 1 },
        { type: "attribute", property: "plan", operator: "in", value: ["pro", "bakery"] },
        {
          type: "funnel",
          steps: [{ event: "visit" }, { event: "basket filled" }, { event: "order placed" }],
          window: "7d",
          range: last90,
          outcome: "completed",
        },
      ],
    },
    "Whom we write to before Christmas.",
  ),
  cohort(2, ARABIC, {
    match: "any",
    conditions: [{ type: "attribute", property: "مدينة", operator: "equals", value: "القاهرة" }],
  }),
  cohort(
    3,
    LONG,
    {
      match: "any",
      conditions: [
        { type: "event", event: LONG, range: last90, done: true, at_least: 1 },
        { type: "attribute", property: LONG, operator: "contains", value: LONG },
      ],
    },
    `${LONG} ${LONG}`,
  ),
];

export const cohortUsers: Schemas["CohortUserPage"] = {
  users: ["ada", "jürgen.müller@bäckerei.example", "مريم", LONG].map((user_id) => ({ user_id })),
  next: null,
};

const delivery = (ok: boolean): Schemas["AlertDelivery"] => ({
  destination_id: uuid(ok ? 60 : 61),
  kind: "webhook",
  to: ok ? "https://hooks.example.com" : `https://${"notifications.".repeat(6)}example.com`,
  at: ago(31),
  ok,
  attempts: ok ? 1 : 4,
  ...(ok ? {} : { error: "The receiver answered 503 Service Unavailable." }),
});

const alert = (
  number: number,
  name: string,
  state: Partial<Schemas["AlertState"]>,
  change: Partial<Schemas["Alert"]> = {},
): Schemas["Alert"] => ({
  ...saved(number),
  name,
  description: "",
  enabled: true,
  insight_id: insights[0]?.id ?? "",
  measure: { series: 0 },
  group: null,
  bucket: "complete",
  condition: { type: "below", threshold: 3_000 },
  check_every_minutes: 15,
  check_without_loads: false,
  notify_recovery: true,
  repeat_after_hours: 24,
  destinations: [],
  state: {
    status: "ok",
    value: 3_912,
    line: "order placed",
    insight: "Orders a month",
    since: ago(9_000),
    checked_at: ago(31),
    ...state,
  },
  ...change,
});

const topic = "arn:aws:sns:eu-central-1:123456789012:dataloaf-alerts";

export const alerts: Schemas["AlertList"] = {
  alerts: [
    alert(
      1,
      "Fewer than 3,000 orders a month",
      { status: "firing", value: 2_714 },
      {
        description: "Tell the shop's team.",
        destinations: [
          { id: uuid(60), kind: "webhook", url: "https://hooks.example.com/shop", has_secret: true },
          { id: uuid(61), kind: "sns", topic_arn: topic, has_secret: false },
        ],
      },
    ),
    alert(2, GERMAN, {}, { condition: { type: "falls", threshold: 20, unit: "percent" } }),
    alert(3, ARABIC, { status: "no_data", value: null, reason: "The interval has no value yet." }),
    alert(4, LONG, {
      status: "error",
      value: null,
      line: LONG,
      insight: LONG,
      reason: "The insight is gone: save another, or delete this alert.",
    }),
    alert(5, `${EMOJI} rises`, { status: "new", value: null }, { enabled: false }),
  ],
  topics: [topic],
};

export const alertHistory: Schemas["AlertHistory"] = {
  history: [
    {
      id: uuid(70),
      at: ago(31),
      event: "alert.firing",
      status: "firing",
      previous_status: "ok",
      value: 2_714,
      threshold: 3_000,
      deliveries: [delivery(true), delivery(false)],
    },
    { at: ago(9_000), status: "ok", previous_status: "new", value: 3_912, threshold: 3_000 },
  ],
};

const about = (number: number, name: string, description: string, flags: { hidden?: boolean } = {}) => ({
  ...saved(number),
  name,
  description,
  hidden: flags.hidden ?? false,
  verified: !flags.hidden,
  verified_at: flags.hidden ? null : ago(6_000),
  verified_by: flags.hidden ? null : "ada@example.com",
});

const event = (
  name: string,
  count: number,
  definition: Schemas["EventDefinition"] | null = null,
  alike: string[] = [],
): Schemas["DefinedEvent"] => ({
  name,
  seen: count > 0,
  count,
  count_in_range: Math.round(count / 12),
  first_seen: count > 0 ? "2023-11-02T08:00:00Z" : null,
  last_seen: count > 0 ? ago(count % 90) : null,
  alike,
  definition,
});

export const definedEvents: Schemas["DefinedEventList"] = {
  range: { from: "2024-11-11", to: "2024-12-10" },
  events: [
    event("order placed", 120_000, about(1, "order placed", "Paid, and not yet baked."), ["Order Placed"]),
    event("Order Placed", 12, about(2, "Order Placed", "From version 0.9 of the app.", { hidden: true }), [
      "order placed",
    ]),
    event(GERMAN, 60_211),
    event(ARABIC, 1, about(3, ARABIC, "كل شهر من عام ٢٠٢٤")),
    event(LONG, 3_000, about(4, LONG, `${LONG} ${LONG}`)),
    event("loaf returned", 0, about(5, "loaf returned", "Will be sent from January on.")),
  ],
};

const property = (
  name: string,
  types: readonly Schemas["PropertyType"][],
  change: Partial<Schemas["DefinedProperty"]> = {},
): Schemas["DefinedProperty"] => ({
  name,
  seen: true,
  count: 80_211,
  types: types.map((type, index) => ({ type, count: Math.round(80_000 / 50 ** index) })),
  mixed_types: types.length > 1,
  sample: null,
  looks_personal: false,
  personal_reason: null,
  alike: [],
  definition: null,
  ...change,
});

export const definedProperties: Schemas["DefinedPropertyList"] = {
  properties: [
    property("amount", ["number", "string"], { sample: 12.5 }),
    property("contact", ["string"], {
      sample: "a…@example.com",
      looks_personal: true,
      personal_reason: "Its values look like e-mail addresses.",
      alike: ["Contact"],
    }),
    property("مدينة", ["string"], { sample: "القاهرة" }),
    property(LONG, ["string"], {
      sample: LONG,
      definition: { scope: "event", ...about(6, LONG, LONG) },
    }),
  ],
};

const deletion = (
  number: number,
  state: Schemas["DeletionState"],
  change: Partial<Schemas["Deletion"]> = {},
): Schemas["Deletion"] => ({
  id: uuid(number),
  user_id: null,
  user_hash: "5f3c".repeat(15) + String(1000 + number),
  reason: "",
  state,
  phase: null,
  requested_at: ago(number * 600),
  requested_by: "ada@example.com",
  settles_at: null,
  finished_at: null,
  deleted: { event_rows: 0, user_rows: 0, objects: 0, lines: 0, versions: 0 },
  objects_seen: 0,
  unreadable: [],
  remains: [],
  error: null,
  ...change,
});

export const deletions: readonly Schemas["Deletion"][] = [
  deletion(1, "requested", { user_id: "مريم", reason: "Ticket 4711" }),
  deletion(2, "running", {
    user_id: LONG,
    phase: "objects",
    objects_seen: 1_204,
    deleted: { event_rows: 1, user_rows: 1, objects: 3, lines: 17, versions: 0 },
    error: "The store did not answer in time. It is tried again with the next load.",
  }),
  deletion(3, "done", {
    finished_at: ago(1_500),
    deleted: { event_rows: 1_204, user_rows: 1, objects: 88, lines: 1_311, versions: 90 },
    remains: [{ what: "snapshots of the warehouse", until: "2024-12-17T09:30:00Z" }],
    unreadable: [`events/2024/11/02/08/${uuid(9)}.gz`],
  }),
];

const days = Array.from({ length: 7 }, (_, index) =>
  new Date(Date.parse(NOW) - (6 - index) * DAY).toISOString().slice(0, 10),
);
const ofDay = (index: number) => ({
  objects: 480 + index,
  accepted: 1_204_882 + index,
  loaded: 1_204_800 + index,
  duplicates: 82,
  objects_set_aside: index === 5 ? 2 : 0,
});

/** A week of loads, and the audits that are given. */
export const audit = (audits: Schemas["AuditRecord"][]): Schemas["Audit"] => ({
  from: days[0] ?? "",
  to: days.at(-1) ?? "",
  days: days.map((day, index) => ({ day, ...ofDay(index) })),
  totals: {
    objects: 3_381,
    accepted: 8_434_195,
    loaded: 8_433_621,
    duplicates: 574,
    objects_set_aside: 2,
  },
  hours: days.flatMap((day, index) =>
    [0, 6, 12, 18]
      .filter((hour) => index < 6 || hour < 9)
      .map((hour) => ({
        hour: `${day}T${String(hour).padStart(2, "0")}:00:00Z`,
        loads: 20,
        rows: 240_000 + index * 9_000 + hour * 2_000,
        lines: 240_020,
        lag_seconds: 31 + ((index * hour) % 90),
      })),
  ),
  loads: Array.from({ length: 3 }, (_, index) => ({
    load_id: 812 - index,
    started_at: ago(2.2 + index * 3),
    finished_at: ago(2 + index * 3),
    objects: 4,
    lines: 10_040,
    rows: 10_038,
    duplicates: 2,
    lag_seconds: index === 2 ? null : 41,
  })),
  audits,
});

const counted = (kind: Schemas["AuditTotals"]["kind"], accepted: number, quarantined: number) => ({
  kind,
  objects: 3_381,
  accepted,
  loaded: accepted - quarantined - 82,
  duplicates: 82,
  quarantined,
  waiting: 0,
  quarantined_objects: quarantined > 0 ? 2 : 0,
  waiting_objects: 0,
});

export const proven: Schemas["AuditRecord"] = {
  at: ago(52),
  from: "2024-12-03T09:30:00Z",
  to: NOW,
  deep: false,
  proven: true,
  stopped: false,
  next: null,
  totals: [counted("events", 1_204_882, 0), counted("users", 88_211, 0), counted("updates", 4_100, 0)],
  mismatches: [],
  mismatches_total: 0,
  notes: [],
  notes_total: 0,
};

export const unproven: Schemas["AuditRecord"] = {
  ...proven,
  at: ago(30_000),
  deep: true,
  proven: false,
  stopped: true,
  next: "2024-12-08T00:00:00Z",
  totals: [counted("events", 1_204_882, 4_211)],
  mismatches: [
    {
      object: `events/2024/12/09/14/dataloaf-events-1-2024-12-09-14-02-11-${uuid(7)}.gz`,
      what: "lines of the file",
      expected: 4_211,
      found: 4_210,
      action: "replay",
    },
  ],
  mismatches_total: 3,
  notes: [{ load: 811, what: "rows of the load", expected: 10_038, found: 10_036, action: "none" }],
  notes_total: 1,
};
