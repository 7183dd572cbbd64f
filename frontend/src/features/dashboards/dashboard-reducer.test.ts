import { expect, it } from "vitest";
import type { Card, Dashboard } from "../../api/saved";
import { MAX_CARDS, draftReducer, toDraft, toInput, type Draft, type DraftAction } from "./dashboard-reducer";

const insight = (id: string, x: number, y: number): Card => ({
  id,
  kind: "insight",
  insight_id: `insight of ${id}`,
  layout: { x, y, w: 6, h: 4 },
});

const dashboard: Dashboard = {
  id: "d",
  version: 3,
  created_at: "2024-01-01T00:00:00Z",
  created_by: "jo@example.com",
  updated_at: "2024-01-01T00:00:00Z",
  updated_by: "jo@example.com",
  name: "Main",
  description: "",
  cards: [insight("b", 0, 9), insight("a", 6, 0)],
};

const after = (...actions: DraftAction[]) =>
  actions.reduce<Draft>(draftReducer, draftReducer(toDraft(dashboard), { type: "open", dashboard }));

const places = ({ cards }: Draft) =>
  cards.map(({ id, layout: { x, y, w, h } }) => `${id} ${x},${y} ${w}×${h}`);

it("opens a dashboard in reading order, without gaps", () => {
  expect(places(toDraft(dashboard))).toEqual(["a 6,0 6×4", "b 0,0 6×4"]);
  expect(toDraft(dashboard)).toMatchObject({ range: null, timezone: null });
});

it("is saved in reading order, without what is not set", () => {
  expect(toInput(toDraft(dashboard))).toEqual({
    name: "Main",
    description: "",
    cards: [
      { ...insight("b", 0, 0), layout: { x: 0, y: 0, w: 6, h: 4 } },
      { ...insight("a", 6, 0), layout: { x: 6, y: 0, w: 6, h: 4 } },
    ],
  });
  const set = after({ type: "range", range: { last: "7d" } }, { type: "timezone", timezone: "Asia/Kolkata" });
  expect(toInput(set)).toMatchObject({ range: { last: "7d" }, timezone: "Asia/Kolkata" });
  const unset = draftReducer(draftReducer(set, { type: "range", range: null }), {
    type: "timezone",
    timezone: null,
  });
  expect(toInput(unset)).toEqual(toInput(toDraft(dashboard)));
});

it("adds cards where there is room, each with an id of its own", () => {
  const two = after({ type: "card/insight", insightId: "i" }, { type: "card/text", text: "Hello" });
  expect(places(two).slice(2)).toEqual(["card-3 0,4 6×6", "card-4 6,4 6×2"]);
  expect(two.cards.slice(2)).toMatchObject([
    { kind: "insight", insight_id: "i" },
    { kind: "text", text: "Hello" },
  ]);
  const again = draftReducer(draftReducer(two, { type: "card/remove", id: "a" }), {
    type: "card/text",
    text: "x",
  });
  expect(new Set(again.cards.map(({ id }) => id)).size).toBe(4);
});

it("duplicates a card where there is room, and nothing that is not there", () => {
  const draft = after({ type: "card/text", text: "Hello" }, { type: "card/duplicate", id: "card-3" });
  expect(places(draft).slice(2)).toEqual(["card-3 0,4 6×2", "card-4 6,4 6×2"]);
  expect(draft.cards[3]).toMatchObject({ kind: "text", text: "Hello" });
  expect(draftReducer(draft, { type: "card/duplicate", id: "nobody" })).toBe(draft);
});

it("takes no more cards than the server does", () => {
  let draft = toDraft({ ...dashboard, cards: [] });
  for (let index = 0; index < MAX_CARDS; index++)
    draft = draftReducer(draft, { type: "card/text", text: "x" });
  expect(draft.cards).toHaveLength(MAX_CARDS);
  expect(draftReducer(draft, { type: "card/text", text: "x" })).toBe(draft);
  expect(draftReducer(draft, { type: "card/duplicate", id: "card-1" })).toBe(draft);
});

it("changes the text of a text card alone", () => {
  const draft = after(
    { type: "card/text", text: "Hello" },
    { type: "card/edit", id: "card-3", text: "Good bye" },
    { type: "card/edit", id: "a", text: "Good bye" },
  );
  expect(draft.cards.map((card) => (card.kind === "text" ? card.text : ""))).toEqual(["", "", "Good bye"]);
});

it("closes up what a removed card leaves", () => {
  const below = after({ type: "card/text", text: "Hello" }, { type: "card/remove", id: "b" });
  expect(places(below)).toEqual(["a 6,0 6×4", "card-3 0,0 6×2"]);
});

it("moves cards, and leaves the draft alone where one cannot go", () => {
  expect(places(after({ type: "card/step", id: "b", by: "taller" }))).toEqual(["a 6,0 6×4", "b 0,0 6×5"]);
  const draft = after();
  expect(draftReducer(draft, { type: "card/step", id: "a", by: "right" })).toBe(draft);
  expect(draftReducer(draft, { type: "card/step", id: "nobody", by: "down" })).toBe(draft);
});

it("lets a drag go on from where it began", () => {
  const start = after();
  const over = draftReducer(start, {
    type: "card/place",
    id: "a",
    layout: { x: 0, y: 0, w: 6, h: 4 },
    from: start.cards,
  });
  expect(places(over)).toEqual(["a 0,0 6×4", "b 0,4 6×4"]);
  const back = draftReducer(over, {
    type: "card/place",
    id: "a",
    layout: { x: 6, y: 0, w: 6, h: 4 },
    from: start.cards,
  });
  expect(places(back)).toEqual(places(start));
});

it("is called otherwise", () => {
  expect(after({ type: "rename", name: "New", description: "d" })).toMatchObject({
    name: "New",
    description: "d",
  });
});
