// Every view of the page in its states. A new view gets its own here: full,
// empty, failed, and on its way, and with names that try the layout.
import { lifecycle, paths, stickiness } from "./answers";
import {
  ARABIC,
  EMOJI,
  GERMAN,
  LONG,
  activity,
  answerTo,
  dashboard,
  dashboards,
  events,
  fullDashboard,
  funnel,
  insights,
  members,
  notLoaded,
  oddDashboard,
  people,
  pipeline,
  profile,
  properties,
  retention,
  session,
  tokens,
  trend,
  troubled,
} from "./fixtures";
import {
  alertHistory,
  alerts,
  audit,
  cohortUsers,
  cohorts,
  definedEvents,
  definedProperties,
  deletions,
  proven,
  unproven,
} from "./lists";
import type { Replies, Reply } from "./server";

export type State = {
  name: string;
  path: string;
  replies: Replies;
  /** The name of the button that opens what is shown. */
  press?: string;
};

const NAMES = ["order placed", "visit", "basket filled", "account created", GERMAN, ARABIC, EMOJI, LONG];

const json = (body: unknown): Reply => ({ json: body });
const failed: Reply = { status: 500, code: "internal", message: "The warehouse did not answer." };
const slow: Reply = { status: 504, code: "timeout", message: "It took too long." };
const missing: Reply = { status: 404, code: "not_found", message: "There is no such thing." };

const SESSION = "GET /api/v1/session";
const PIPELINE = "GET /api/v1/pipeline";
const EVENTS = "GET /api/v1/events";
const QUERY = "POST /api/v1/query";
const INSIGHTS = "GET /api/v1/insights";
const INSIGHT = "GET /api/v1/insights/*";
const RUN = "POST /api/v1/insights/*/run";
const DASHBOARDS = "GET /api/v1/dashboards";
const DASHBOARD = "GET /api/v1/dashboards/*";
const PEOPLE = "GET /api/v1/users";
const PERSON = "GET /api/v1/users/*";
const ACTIVITY = "GET /api/v1/activity";
const MEMBERS = "GET /api/v1/members";
const TOKENS = "GET /api/v1/tokens";
const DELETIONS = "GET /api/v1/deletions";
const AUDIT = "GET /api/v1/audit";
const COHORTS = "GET /api/v1/cohorts";
const COHORT = "GET /api/v1/cohorts/*";
const COHORT_COUNT = "GET /api/v1/cohorts/*/count";
const COHORT_USERS = "GET /api/v1/cohorts/*/users";
const ALERTS = "GET /api/v1/alerts";
const ALERT = "GET /api/v1/alerts/*";
const ALERT_HISTORY = "GET /api/v1/alerts/*/history";
const DEFINED_EVENTS = "GET /api/v1/definitions/events";
const DEFINED_PROPERTIES = "GET /api/v1/definitions/properties";

const idOf = (url: URL) => url.pathname.split("/")[4] ?? "";
const byId = (items: readonly { id: string }[]): Reply => {
  return ({ url }) => {
    const found = items.find(({ id }) => id === idOf(url));
    return found ? json(found) : missing;
  };
};
const runs = (empty: boolean): Reply => {
  return ({ url }) => {
    const found = insights.find(({ id }) => id === idOf(url));
    return found ? json(answerTo(found, empty)) : missing;
  };
};

/** What every view asks for beside its own. */
const AROUND: Replies = {
  [SESSION]: json(session("admin")),
  [PIPELINE]: json(pipeline),
  [EVENTS]: json(events(NAMES)),
  "GET /api/v1/properties": json(properties),
  "GET /api/v1/property-values": json({ values: [] }),
  [INSIGHTS]: json({ insights }),
  [INSIGHT]: byId(insights),
  [RUN]: runs(false),
  [DASHBOARDS]: json({ dashboards }),
  [DASHBOARD]: byId(dashboards),
  [COHORTS]: json({ cohorts }),
  [COHORT]: byId(cohorts),
  [COHORT_COUNT]: json({ count: 1_204 }),
  [COHORT_USERS]: json(cohortUsers),
  [ALERTS]: json(alerts),
  [ALERT]: byId(alerts.alerts),
  [ALERT_HISTORY]: json(alertHistory),
  [DEFINED_EVENTS]: json(definedEvents),
  [DEFINED_PROPERTIES]: json(definedProperties),
  [MEMBERS]: json(members),
  [TOKENS]: json(tokens),
  [DELETIONS]: json({ deletions }),
  [AUDIT]: json(audit([proven])),
  "GET /api/v1/annotations": json({ annotations: [] }),
};

const state = (name: string, path: string, replies: Replies = {}): State => ({
  name,
  path,
  replies: { ...AROUND, ...replies },
});

/** What a button of a view opens. */
const opened = (name: string, press: string, path: string, replies: Replies = {}): State => ({
  ...state(name, path, replies),
  press,
});

/** A view on its way and failed: what all have. */
const late = (name: string, path: string, call: string): State[] => [
  state(`${name}-loading`, path, { [call]: "never" }),
  state(`${name}-failed`, path, { [call]: failed }),
];

const asks = (...names: string[]) =>
  `/explore?${names.map((name) => `event=${encodeURIComponent(name)}`).join("&")}&from=2024-01-01&to=2024-12-31&by=month&tz=UTC`;
const funnelOf = (...names: string[]) =>
  `/explore?kind=funnel&${names.map((name) => `event=${encodeURIComponent(name)}`).join("&")}&window=7d&from=2024-01-01&to=2024-12-31&tz=UTC`;
const RETENTION =
  "/explore?kind=retention&event=account%20created&return=order%20placed&periods=12&from=2024-01-01&to=2024-12-31&by=month&tz=UTC";

const ofUsers = (kind: string, ...names: string[]) => asks(...names).replace("?", `?kind=${kind}&`);
// Paths know no interval.
const pathsFrom = (name: string) => `${ofUsers("paths", name).replace("&by=month", "")}&steps=2&top=3`;
const PATHS = pathsFrom("visit");

const TWO = ["order placed", "visit"];
const ODD = [LONG, ARABIC, EMOJI, GERMAN];
const GROUPS = ["Köln", "القاهرة", LONG, "🥐", "$other", null];
const ofEach = (names: readonly string[]) => names.map((event) => ({ event }));

const explore: State[] = [
  ...["line", "area", "bar", "stacked", "table", "number"].flatMap((view) => [
    state(`explore-${view}`, `${asks(...TWO)}&view=${view}`, { [QUERY]: json(trend(ofEach(TWO))) }),
    state(`explore-${view}-odd`, `${asks(...ODD)}&view=${view}`, { [QUERY]: json(trend(ofEach(ODD))) }),
  ]),
  state("explore-groups-odd", `${asks("visit")}&split=event.city&top=4`, {
    [QUERY]: json(trend(GROUPS.map((breakdown) => ({ event: "visit", breakdown })))),
  }),
  state("explore-empty", asks("visit"), { [QUERY]: json(trend([{ event: "visit" }], 0)) }),
  state("explore-unknown-event", asks("no such event"), {
    [QUERY]: json(trend([{ event: "no such event" }], 0)),
  }),
  state("explore-unfinished", "/explore?event=visit&agg=sum&last=7d&tz=UTC"),
  state("explore-unreadable", `${asks("visit")}&by=fortnight&agg=guess`, {
    [QUERY]: json(trend([{ event: "visit" }])),
  }),
  state("explore-too-slow", asks("visit"), { [QUERY]: slow }),
  state("explore-unreachable", asks("visit"), { [QUERY]: "unreachable" }),
  ...late("explore", asks("visit"), QUERY),
  state("funnel", `${funnelOf("visit", "basket filled", "order placed")}&split=user.city&top=4`, {
    [QUERY]: json(funnel(["visit", "basket filled", "order placed"], { groups: ["Köln", "القاهرة", null] })),
  }),
  state("funnel-odd", `${funnelOf(...ODD)}&split=user.city&top=4`, {
    [QUERY]: json(funnel(ODD, { groups: GROUPS })),
  }),
  state("funnel-empty", funnelOf(...TWO), { [QUERY]: json(funnel(TWO, { users: 0 })) }),
  ...late("funnel", funnelOf(...TWO), QUERY),
  state("retention", RETENTION, { [QUERY]: json(retention()) }),
  state("retention-empty", RETENTION, { [QUERY]: json(retention(0)) }),
  ...late("retention", RETENTION, QUERY),
  state("stickiness", ofUsers("stickiness", ...TWO), { [QUERY]: json(stickiness(TWO)) }),
  state("stickiness-odd", ofUsers("stickiness", ...ODD), { [QUERY]: json(stickiness(ODD)) }),
  state("stickiness-table", `${ofUsers("stickiness", ...ODD)}&view=table`, {
    [QUERY]: json(stickiness(ODD)),
  }),
  state("stickiness-empty", ofUsers("stickiness", ...TWO), { [QUERY]: json(stickiness(TWO, 0)) }),
  ...late("stickiness", ofUsers("stickiness", ...TWO), QUERY),
  state("lifecycle", ofUsers("lifecycle", "visit"), { [QUERY]: json(lifecycle()) }),
  state("lifecycle-empty", ofUsers("lifecycle", "visit"), { [QUERY]: json(lifecycle(0)) }),
  ...late("lifecycle", ofUsers("lifecycle", "visit"), QUERY),
  state("paths", PATHS, { [QUERY]: json(paths("visit", ["basket filled", "order placed", GERMAN])) }),
  state("paths-odd", pathsFrom(LONG), { [QUERY]: json(paths(LONG, ODD)) }),
  state("paths-empty", PATHS, { [QUERY]: json(paths("visit", [], 0)) }),
  ...late("paths", PATHS, QUERY),
  state("first-run", "/explore", { [EVENTS]: json({ events: [] }), [PIPELINE]: json(notLoaded) }),
];

const [first] = insights;
const AN_INSIGHT = `/insights/${first?.id ?? ""}`;
const THE_DASHBOARD = `/dashboards/${fullDashboard.id}`;
const empty = dashboard(9, "New", []);

const savedOnes: State[] = [
  state("insights", "/insights"),
  state("insights-empty", "/insights", { [INSIGHTS]: json({ insights: [] }) }),
  ...late("insights", "/insights", INSIGHTS),
  state("insight", AN_INSIGHT, { [QUERY]: json(trend([{ event: "order placed" }])) }),
  state("insight-odd", `/insights/${insights.at(-1)?.id ?? ""}`, {
    [QUERY]: json(trend(ofEach([LONG, ARABIC]))),
  }),
  state("insight-missing", "/insights/gone"),
  ...late("insight", AN_INSIGHT, INSIGHT),
  state("dashboards", "/dashboards"),
  state("dashboards-empty", "/dashboards", { [DASHBOARDS]: json({ dashboards: [] }) }),
  ...late("dashboards", "/dashboards", DASHBOARDS),
  state("dashboard", THE_DASHBOARD),
  state("dashboard-odd", `/dashboards/${oddDashboard.id}`),
  opened("dashboard-editing", "Edit", THE_DASHBOARD),
  opened("dashboard-odd-editing", "Edit", `/dashboards/${oddDashboard.id}`),
  state("dashboard-empty", "/dashboards/new", { [DASHBOARD]: json(empty) }),
  state("dashboard-missing", "/dashboards/gone"),
  state("dashboard-cards-empty", THE_DASHBOARD, { [RUN]: runs(true) }),
  state("dashboard-cards-loading", THE_DASHBOARD, { [RUN]: "never" }),
  state("dashboard-cards-failed", THE_DASHBOARD, { [RUN]: slow }),
  state("dashboard-cards-deleted", THE_DASHBOARD, { [INSIGHT]: missing }),
  ...late("dashboard", THE_DASHBOARD, DASHBOARD),
];

const A_COHORT = `/cohorts/${cohorts[0]?.id ?? ""}`;
const ODD_COHORT = `/cohorts/${cohorts.at(-1)?.id ?? ""}`;
const [firing, , , broken] = alerts.alerts;
const AN_ALERT = `/alerts/${firing?.id ?? ""}`;
const NEW_ALERT = `/alerts/new?insight=${first?.id ?? ""}`;

const watched: State[] = [
  state("cohorts", "/cohorts"),
  state("cohorts-empty", "/cohorts", { [COHORTS]: json({ cohorts: [] }) }),
  ...late("cohorts", "/cohorts", COHORTS),
  state("cohort", A_COHORT),
  state("cohort-odd", ODD_COHORT),
  state("cohort-new", "/cohorts/new"),
  state("cohort-duplicate", `/cohorts/new?from=${cohorts[0]?.id ?? ""}`),
  state("cohort-nobody", A_COHORT, {
    [COHORT_COUNT]: json({ count: 0 }),
    [COHORT_USERS]: json({ users: [], next: null }),
  }),
  state("cohort-users-failed", A_COHORT, { [COHORT_COUNT]: failed, [COHORT_USERS]: slow }),
  state("cohort-missing", "/cohorts/gone"),
  ...late("cohort", A_COHORT, COHORT),
  state("alerts", "/alerts"),
  state("alerts-empty", "/alerts", { [ALERTS]: json({ alerts: [], topics: [] }) }),
  ...late("alerts", "/alerts", ALERTS),
  state("alert", AN_ALERT),
  state("alert-odd", `/alerts/${broken?.id ?? ""}`, { [INSIGHT]: missing }),
  state("alert-quiet", AN_ALERT, { [ALERT_HISTORY]: json({ history: [] }) }),
  state("alert-parts-failed", AN_ALERT, { [ALERT_HISTORY]: failed, [ALERTS]: failed }),
  state("alert-viewer", AN_ALERT, { [SESSION]: json(session("viewer")) }),
  state("alert-missing", "/alerts/gone"),
  ...late("alert", AN_ALERT, ALERT),
  state("alert-new", NEW_ALERT),
  state("alert-new-of-nothing", "/alerts/new"),
  state("alert-new-of-a-funnel", `/alerts/new?insight=${insights[4]?.id ?? ""}`),
  state("data", "/data"),
  state("data-properties", "/data?of=event"),
  state("data-attributes", "/data?of=user"),
  opened("data-define", "Define a name", "/data"),
  state("data-not-found", "/data?search=nothing-of-this-name"),
  state("data-empty", "/data", { [DEFINED_EVENTS]: json({ ...definedEvents, events: [] }) }),
  state("data-viewer", "/data", { [SESSION]: json(session("viewer")) }),
  ...late("data", "/data", DEFINED_EVENTS),
  ...late("data-properties", "/data?of=event", DEFINED_PROPERTIES),
];

const others: State[] = [
  state("people", "/people", { [PEOPLE]: json(people) }),
  state("people-empty", "/people", { [PEOPLE]: json({ users: [], next_cursor: null }) }),
  state("people-not-found", "/people?search=nobody", { [PEOPLE]: json({ users: [], next_cursor: null }) }),
  ...late("people", "/people", PEOPLE),
  state("person", "/people/user?id=ada", {
    [PERSON]: json(profile("ada", { plan: "pro", orders: 41, tags: ["early"], city: "Köln" })),
  }),
  state("person-odd", `/people/user?id=${encodeURIComponent(LONG)}`, {
    [PERSON]: json(profile(LONG, { [LONG]: LONG, مدينة: "القاهرة", mood: EMOJI })),
  }),
  opened("person-delete", "Delete this person’s data…", `/people/user?id=${encodeURIComponent(LONG)}`, {
    [PERSON]: json(profile(LONG, {})),
  }),
  state("person-unknown", "/people/user?id=nobody", { [PERSON]: missing }),
  ...late("person", "/people/user?id=ada", PERSON),
  state("activity", "/activity", { [ACTIVITY]: json(activity) }),
  state("activity-empty", "/activity", { [ACTIVITY]: json({ events: [], next_cursor: null }) }),
  ...late("activity", "/activity", ACTIVITY),
  // The file is fetched by the browser itself, which tells how far it is and what went wrong.
  opened("activity-export", "Export…", "/activity", { [ACTIVITY]: json(activity) }),
  opened("activity-export-odd", "Export…", `/activity?event=${encodeURIComponent(LONG)}`, {
    [ACTIVITY]: json(activity),
  }),
  state("pipeline", "/pipeline"),
  state("pipeline-trouble", "/pipeline", { [PIPELINE]: json(troubled) }),
  state("pipeline-unproven", "/pipeline", { [AUDIT]: json(audit([unproven, proven])) }),
  state("pipeline-empty", "/pipeline", {
    [PIPELINE]: json(notLoaded),
    [AUDIT]: json({ ...audit([]), days: [], hours: [], loads: [] }),
  }),
  state("pipeline-history-loading", "/pipeline", { [AUDIT]: "never" }),
  state("pipeline-history-failed", "/pipeline", { [AUDIT]: failed }),
  ...late("pipeline", "/pipeline", PIPELINE),
  state("settings", "/settings"),
  state("settings-empty", "/settings", {
    [MEMBERS]: json({ members: members.members.slice(0, 1) }),
    [TOKENS]: json({ tokens: [], configured: 0 }),
    [DELETIONS]: json({ deletions: [] }),
  }),
  state("settings-loading", "/settings", { [MEMBERS]: "never", [TOKENS]: "never", [DELETIONS]: "never" }),
  state("settings-failed", "/settings", { [MEMBERS]: failed, [TOKENS]: failed, [DELETIONS]: failed }),
  state("settings-viewer", "/settings", { [SESSION]: json(session("viewer")) }),
  state("invitation", "/invitation"),
  state("not-found", "/no-such-page"),
];

const doors: State[] = [
  state("sign-in", "/explore", { [SESSION]: { status: 401, code: "unauthorized" } }),
  ...late("session", "/explore", SESSION),
];

export const STATES: readonly State[] = [...doors, ...explore, ...savedOnes, ...watched, ...others];
