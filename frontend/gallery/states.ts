// Every view of the page in its states. A new view gets its own here: full,
// empty, failed, and on its way, and with names that try the layout.
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
import type { Replies, Reply } from "./server";

export type State = { name: string; path: string; replies: Replies };

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
};

const state = (name: string, path: string, replies: Replies = {}): State => ({
  name,
  path,
  replies: { ...AROUND, ...replies },
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
  state("dashboard-empty", "/dashboards/new", { [DASHBOARD]: json(empty) }),
  state("dashboard-missing", "/dashboards/gone"),
  state("dashboard-cards-empty", THE_DASHBOARD, { [RUN]: runs(true) }),
  state("dashboard-cards-loading", THE_DASHBOARD, { [RUN]: "never" }),
  state("dashboard-cards-failed", THE_DASHBOARD, { [RUN]: slow }),
  state("dashboard-cards-deleted", THE_DASHBOARD, { [INSIGHT]: missing }),
  ...late("dashboard", THE_DASHBOARD, DASHBOARD),
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
  state("person-unknown", "/people/user?id=nobody", { [PERSON]: missing }),
  ...late("person", "/people/user?id=ada", PERSON),
  state("activity", "/activity", { [ACTIVITY]: json(activity) }),
  state("activity-empty", "/activity", { [ACTIVITY]: json({ events: [], next_cursor: null }) }),
  ...late("activity", "/activity", ACTIVITY),
  state("pipeline", "/pipeline"),
  state("pipeline-trouble", "/pipeline", { [PIPELINE]: json(troubled) }),
  state("pipeline-empty", "/pipeline", { [PIPELINE]: json(notLoaded) }),
  ...late("pipeline", "/pipeline", PIPELINE),
  state("settings", "/settings", { [MEMBERS]: json(members), [TOKENS]: json(tokens) }),
  state("settings-empty", "/settings", {
    [MEMBERS]: json({ members: members.members.slice(0, 1) }),
    [TOKENS]: json({ tokens: [], configured: 0 }),
  }),
  state("settings-loading", "/settings", { [MEMBERS]: "never", [TOKENS]: "never" }),
  state("settings-failed", "/settings", { [MEMBERS]: failed, [TOKENS]: failed }),
  state("settings-viewer", "/settings", { [SESSION]: json(session("viewer")) }),
  state("invitation", "/invitation"),
  state("not-found", "/no-such-page"),
];

const doors: State[] = [
  state("sign-in", "/explore", { [SESSION]: { status: 401, code: "unauthorized" } }),
  ...late("session", "/explore", SESSION),
];

export const STATES: readonly State[] = [...doors, ...explore, ...savedOnes, ...others];
