// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { defaultQuestion, type Question } from "../question";

type Handler = (request: Request) => Promise<Response>;
const network = vi.hoisted(() => ({ query: undefined as Handler | undefined }));

// The client takes fetch when it is made, so this must be there before it.
vi.hoisted(() => {
  globalThis.fetch = (input) => {
    const request = input as Request;
    if (request.url.endsWith("/query") && network.query) return network.query(request);
    const body = request.url.endsWith("/events") ? { events: [] } : {};
    return Promise.resolve(Response.json(body));
  };
});

const { newQueryClient } = await import("../../../api/query-client");
const { ResultPanel } = await import("./result-panel");

const question: Question = {
  ...defaultQuestion("UTC"),
  period: { kind: "days", from: "2024-01-01", to: "2024-02-29" },
  interval: "month",
  view: "table",
};

const answer = (count: number) => ({
  kind: "trend",
  buckets: ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"],
  series: [{ event: "*", aggregation: { type: "total" }, breakdown: null, count, values: [count, 0] }],
  elapsed_ms: 12,
});

const refuse = (status: number, code: string, message: string) =>
  Promise.resolve(Response.json({ error: { code, message, field: null } }, { status }));

function show(asked: Question = question) {
  const dispatch = vi.fn();
  const client = newQueryClient();
  const panel = (one: Question) => (
    <QueryClientProvider client={client}>
      <ResultPanel question={one} dispatch={dispatch} />
    </QueryClientProvider>
  );
  const { rerender } = render(panel(asked));
  return { dispatch, ask: (next: Question) => rerender(panel(next)) };
}

beforeEach(() => {
  network.query = () => Promise.resolve(Response.json(answer(1234)));
});

it("shows the answer, and how long it took", async () => {
  show();
  expect(await screen.findAllByRole("cell", { name: "1,234" })).toHaveLength(2);
  expect(screen.getByText("Answered in 12 ms")).toBeInTheDocument();
});

it.each([
  [400, "unknown_operator", "does not take this question"],
  [503, "unavailable", "warehouse does not answer"],
  [504, "timeout", "took too long"],
  [500, "internal", "server failed"],
])("tells what to do after a %d, and asks again on demand", async (status, code, title) => {
  network.query = () => refuse(status, code, "no");
  show();
  expect(await screen.findByRole("alert")).toHaveTextContent(title);
  network.query = () => Promise.resolve(Response.json(answer(7)));
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findAllByRole("cell", { name: "7" })).not.toHaveLength(0);
});

it("keeps an answer that could not be refreshed, and says that it is old", async () => {
  show();
  await screen.findAllByRole("cell", { name: "1,234" });
  network.query = () => refuse(503, "unavailable", "away");
  await userEvent.click(screen.getByRole("button", { name: "Ask again" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("may be out of date");
  expect(screen.getAllByRole("cell", { name: "1,234" })).toHaveLength(2);
});

it("keeps the old answer in sight until the new one is there, and cancels what is asked no more", async () => {
  const { ask } = show();
  await screen.findAllByRole("cell", { name: "1,234" });
  const signals: AbortSignal[] = [];
  network.query = ({ signal }) => {
    signals.push(signal);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    });
  };
  ask({ ...question, interval: "week" });
  expect(screen.getAllByRole("cell", { name: "1,234" })).toHaveLength(2);
  ask({ ...question, interval: "day" });
  await vi.waitFor(() => expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]));

  await userEvent.click(screen.getByRole("button", { name: "Cancel the query" }));
  expect(await screen.findByText("What is shown answers the question before.")).toBeInTheDocument();
  expect(signals[1]?.aborted).toBe(true);
});

it("waits for a question that is not finished without asking", () => {
  network.query = vi.fn<Handler>();
  show({
    ...question,
    series: [{ ...question.series[0], event: "a", aggregation: "sum", filter: question.filter }],
  });
  expect(screen.getByText("Choose the property to calculate with.")).toBeInTheDocument();
  expect(network.query).not.toHaveBeenCalled();
});

it("draws of ten thousand rows only those in sight", async () => {
  const hours = Array.from({ length: 10_000 }, (_, hour) =>
    new Date(Date.UTC(2023, 0, 1, hour)).toISOString(),
  );
  network.query = () =>
    Promise.resolve(
      Response.json({
        ...answer(10_000),
        buckets: hours,
        series: [{ ...answer(10_000).series[0], values: hours.map(() => 1) }],
      }),
    );
  show({ ...question, interval: "hour" });
  const table = await screen.findByRole("table");
  expect(table).toHaveAttribute("aria-rowcount", "10001");
  expect(screen.getAllByRole("row").length).toBeLessThan(60);
});
