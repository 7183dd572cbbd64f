import type { Card, Dashboard, DashboardInput, Range } from "../../api/saved";
import { byPlace, compact, freePlace, place, step, type Layout, type Step } from "./layout";

export const MAX_CARDS = 50;

/** A dashboard as it is being changed. */
export type Draft = Pick<Dashboard, "name" | "description" | "cards"> & {
  /** For all cards; null leaves them theirs. */
  range: Range | null;
  timezone: string | null;
};

export type DraftAction =
  | { type: "open"; dashboard: Dashboard }
  | { type: "rename"; name: string; description: string }
  | { type: "range"; range: Range | null }
  | { type: "timezone"; timezone: string | null }
  | { type: "card/insight"; insightId: string }
  | { type: "card/text"; text: string }
  | { type: "card/edit"; id: string; text: string }
  | { type: "card/duplicate"; id: string }
  | { type: "card/remove"; id: string }
  | { type: "card/step"; id: string; by: Step }
  | {
      type: "card/place";
      id: string;
      layout: Layout;
      /** The cards as they lay when the drag began, so that they come back when it goes elsewhere. */
      from: readonly Card[];
    };

const INSIGHT_SIZE = { w: 6, h: 6 };
const TEXT_SIZE = { w: 6, h: 2 };

/** The dashboard as the page shows it: its cards in reading order, none over another. */
export function toDraft({ name, description, range, timezone, cards }: Dashboard): Draft {
  return {
    name,
    description,
    range: range ?? null,
    timezone: timezone ?? null,
    cards: compact(cards.toSorted(byPlace)),
  };
}

/** The draft as the server takes it. */
export function toInput({ name, description, range, timezone, cards }: Draft): DashboardInput {
  return {
    name,
    description,
    ...(range ? { range } : {}),
    ...(timezone ? { timezone } : {}),
    cards: cards.toSorted(byPlace),
  };
}

/** The draft after an action; the same object where the action changes nothing. */
export function draftReducer(draft: Draft, action: DraftAction): Draft {
  switch (action.type) {
    case "open":
      return toDraft(action.dashboard);
    case "rename":
      return { ...draft, name: action.name, description: action.description };
    case "range":
      return { ...draft, range: action.range };
    case "timezone":
      return { ...draft, timezone: action.timezone };
    case "card/insight":
      return add(draft, { kind: "insight", insight_id: action.insightId }, INSIGHT_SIZE);
    case "card/text":
      return add(draft, { kind: "text", text: action.text }, TEXT_SIZE);
    case "card/edit":
      return {
        ...draft,
        cards: draft.cards.map((card) =>
          card.id === action.id && card.kind === "text" ? { ...card, text: action.text } : card,
        ),
      };
    case "card/duplicate": {
      const card = draft.cards.find(({ id }) => id === action.id);
      return card ? add(draft, card, card.layout) : draft;
    }
    case "card/remove":
      return withCards(draft, compact(draft.cards.filter(({ id }) => id !== action.id)));
    case "card/step":
      return withCards(draft, step(draft.cards, action.id, action.by));
    case "card/place":
      return withCards(draft, place(action.from, action.id, action.layout));
  }
}

type NewCard = { kind: "insight"; insight_id: string } | { kind: "text"; text: string };

function add(draft: Draft, card: NewCard, { w, h }: { w: number; h: number }): Draft {
  const { cards } = draft;
  if (cards.length >= MAX_CARDS) return draft;
  return { ...draft, cards: [...cards, { ...card, id: newId(cards), layout: freePlace(cards, w, h) }] };
}

/** An id that no card of the dashboard has. (A page without TLS has no crypto.randomUUID.) */
function newId(cards: readonly Card[]): string {
  const taken = new Set(cards.map(({ id }) => id));
  let number = cards.length + 1;
  while (taken.has(`card-${number}`)) number++;
  return `card-${number}`;
}

function withCards(draft: Draft, cards: Card[]): Draft {
  const same =
    cards.length === draft.cards.length && cards.every((card, index) => card === draft.cards[index]);
  return same ? draft : { ...draft, cards };
}
