import type { components } from "../../api/schema.gen";
import { eventName } from "./aggregations";
import type { Direction } from "./question";
import type { PathsQuery } from "./query";

/** An event of a step, or the rest of them. */
export type PathNode = {
  /** Tells it from the others of its step. */
  key: string;
  name: string;
  /** Whether it is all events that are not named. */
  rest: boolean;
  users: number;
  /** Their share of all users that did the paths' event, 0 to 1. */
  share: number;
};

/** How many users went from an event of one column to one of the next, by their places there. */
export type PathLink = { from: number; to: number; users: number };

export type PathColumn = {
  /** How far it is from the paths' event: 0 is that event itself. */
  step: number;
  nodes: PathNode[];
  /** How many users' paths end before this step; null for the event itself. */
  ended: number | null;
};

export type PathsResult = {
  users: number;
  direction: Direction;
  /** In the order of time: what came first is the first. */
  columns: PathColumn[];
  /** From each column to the next, in the order of time; one less than there are columns. */
  links: PathLink[][];
};

const REST_NAME = "All others";

/** The answer to paths' query, made ready to be drawn. Steps that nobody came to are left out. */
export function toPathsResult(
  { event, direction }: PathsQuery,
  answer: components["schemas"]["PathsAnswer"],
): PathsResult {
  const { users } = answer;
  const share = (of: number) => (users === 0 ? 0 : of / users);
  const start: PathColumn = {
    step: 0,
    nodes: [{ key: "start", name: eventName(event), rest: false, users, share: share(users) }],
    ended: null,
  };
  // Of a step that nobody came to there is nothing to see, but where the paths end.
  const reached = answer.steps.filter(({ events, ended }) => events.length > 0 || ended > 0);
  const columns = [
    start,
    ...reached.map(({ events, ended }, index): PathColumn => ({
      step: index + 1,
      nodes: events.map((node) => ({
        key: JSON.stringify(node.event),
        name: node.event ?? REST_NAME,
        rest: node.event === null,
        users: node.users,
        share: share(node.users),
      })),
      ended,
    })),
  ];
  const links = reached.map(({ events, links: asked }, index) => {
    const before = index === 0 ? null : (reached[index - 1]?.events ?? []);
    return asked.map(({ from, to, users: of }): PathLink => {
      const near = before === null ? 0 : before.findIndex((node) => node.event === from);
      const far = events.findIndex((node) => node.event === to);
      return direction === "after" ? { from: near, to: far, users: of } : { from: far, to: near, users: of };
    });
  });
  return direction === "after"
    ? { users, direction, columns, links }
    : { users, direction, columns: columns.toReversed(), links: links.toReversed() };
}

/** A step's name: "1st after". */
export function stepText(step: number, direction: Direction): string {
  if (step === 0) return "The event";
  const ordinal = ["1st", "2nd", "3rd", "4th", "5th"][step - 1] ?? String(step);
  return `${ordinal} ${direction}`;
}

/** A row of the table beside the flow: users who went from one event to another. */
export type PathRow = { key: string; step: number; from: string; to: string; users: number; share: number };

/** All links as rows, step by step away from the event, the commonest first; where paths end as the last of each step. */
export function pathRows({ columns, links, users, direction }: PathsResult): PathRow[] {
  const share = (of: number) => (users === 0 ? 0 : of / users);
  const rows = links.flatMap((between, index) => {
    const left = columns[index];
    const right = columns[index + 1];
    const further = direction === "after" ? right : left;
    if (!left || !right || !further) return [];
    const ways = between
      .toSorted((one, other) => other.users - one.users || one.from - other.from || one.to - other.to)
      .map(({ from, to, users: of }): PathRow => ({
        key: `${index} ${from} ${to}`,
        step: further.step,
        from: left.nodes[from]?.name ?? "",
        to: right.nodes[to]?.name ?? "",
        users: of,
        share: share(of),
      }));
    const { ended } = further;
    if (ended === null || ended === 0) return [ways];
    const end: PathRow = {
      key: `${index} end`,
      step: further.step,
      from: direction === "after" ? "Any" : END_BEFORE,
      to: direction === "after" ? END_AFTER : "Any",
      users: ended,
      share: share(ended),
    };
    return [[...ways, end]];
  });
  return (direction === "after" ? rows : rows.toReversed()).flat();
}

export const END_AFTER = "Nothing more";
export const END_BEFORE = "Nothing before";

/** A ribbon between two columns: where it leaves the one and arrives at the other, and how wide it is, in rows. */
export type Ribbon = { from: number; to: number; y1: number; y2: number; width: number };

// How much of a row the widest node takes.
const FILL = 0.84;
const THINNEST = 0.02;

/** The ribbons of one gap. A node's lie below each other, around the middle of its row, in the order of the other side. */
export function ribbons(links: readonly PathLink[], most: number): Ribbon[] {
  if (most === 0) return [];
  const widthOf = (users: number) => Math.max((users / most) * FILL, THINNEST);
  const sum = (of: readonly PathLink[]) => of.reduce((total, { users }) => total + widthOf(users), 0);
  const offset = (link: PathLink, side: "from" | "to") => {
    const other = side === "from" ? "to" : "from";
    const beside = links.filter((one) => one[side] === link[side]);
    const above = beside.filter((one) => one[other] < link[other]);
    return link[side] + 0.5 - sum(beside) / 2 + sum(above) + widthOf(link.users) / 2;
  };
  return links.map((link) => ({
    from: link.from,
    to: link.to,
    y1: offset(link, "from"),
    y2: offset(link, "to"),
    width: widthOf(link.users),
  }));
}
