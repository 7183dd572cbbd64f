// Answers of stickiness, lifecycle and paths, made up as those in fixtures.ts are.
import type { components } from "../src/api/schema.gen";
import { MONTHS, ago, wave } from "./fixtures";

type Schemas = components["schemas"];

const data: Schemas["DataState"] = { load_id: 812, loaded_at: ago(2) };

/** In how many of the twelve months users did each event; nobody did, without users. */
export const stickiness = (names: readonly string[], users = 2_400): Schemas["StickinessAnswer"] => ({
  kind: "stickiness",
  series: names.map((event, index) => ({
    event,
    intervals: MONTHS.map((_, month) => month + 1),
    users: MONTHS.map((_, month) => Math.round(users / (index + 1) / (month + 1))),
  })),
  data,
});

/** New, returning, resurrecting and dormant users of twelve months. */
export const lifecycle = (users = 900): Schemas["LifecycleAnswer"] => {
  const some = (seed: number, share: number) =>
    users === 0 ? MONTHS.map(() => 0) : wave(MONTHS.length, seed, users * share);
  return {
    kind: "lifecycle",
    buckets: MONTHS,
    new: some(1, 0.5),
    returning: some(2, 1),
    resurrecting: some(3, 0.3),
    dormant: some(4, 0.6),
    data,
  };
};

/** Two steps from an event on: to each of the names, and to all others. */
export function paths(event: string, names: readonly string[], users = 4_000): Schemas["PathsAnswer"] {
  const shown = [...names, null];
  const share = (all: number) => Math.floor((all * 0.8) / shown.length);
  const first = share(users);
  const second = share(first);
  const step = (links: Schemas["PathStep"]["links"], all: number): Schemas["PathStep"] => {
    const of = (name: string | null) =>
      links.filter(({ to }) => to === name).reduce((sum, link) => sum + link.users, 0);
    const reached = links.reduce((sum, link) => sum + link.users, 0);
    return { events: shown.map((name) => ({ event: name, users: of(name) })), links, ended: all - reached };
  };
  const steps = [
    step(
      shown.map((to) => ({ from: event, to, users: first })),
      users,
    ),
    step(
      shown.flatMap((from) => shown.map((to) => ({ from, to, users: second }))),
      first * shown.length,
    ),
  ];
  return { kind: "paths", event, users, steps: users === 0 ? [] : steps, data };
}
