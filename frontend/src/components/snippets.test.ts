import { expect, it } from "vitest";
import { LANGUAGES, curlSnippet, nodeSample, sendSnippet } from "./snippets";

it("sends to this address what the collection API takes", () => {
  const snippet = curlSnippet("https://loaf.example");
  expect(snippet).toContain("curl https://loaf.example/v1/events");
  const body: unknown = JSON.parse(snippet.slice(snippet.indexOf("'{") + 1, snippet.lastIndexOf("'")));
  expect(body).toEqual({
    events: [{ event: "signed_up", user_id: "user-1", properties: { plan: "pro" } }],
  });
});

it("has the endpoint in each language, and the sample only where one is asked for", () => {
  for (const { id } of LANGUAGES) {
    const plain = sendSnippet(id, "https://loaf.example/prod", null);
    expect(plain).toContain("https://loaf.example/prod");
    expect(plain).not.toContain("sample");
  }
  expect(sendSnippet("go", "https://a", 10)).toContain("h.Sum32()%100 >= 10");
  expect(sendSnippet("go", "https://a", 10)).toContain("BeforeSend: sample,");
  expect(sendSnippet("node", "https://a", 10)).toContain("beforeSend: sample,");
});

it("samples by user, as Go does: all of a user's events or none", () => {
  type Message = { type: string; userId?: string };
  // The snippet itself is what is tested.
  const sample = (share: number) =>
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    new Function(`${nodeSample(share)}; return sample`)() as (message: Message) => Message | null;
  // FNV-1a of "a" is 0xe40c292c, that is 3,826,002,220; of "foobar" 0xbf9cf968, 3,214,735,720.
  // Source: the reference vectors at http://www.isthe.com/chongo/tech/comp/fnv/
  const event = (userId: string) => ({ type: "event", userId });
  expect(sample(20)(event("a"))).toBeNull();
  expect(sample(21)(event("a"))).not.toBeNull();
  expect(sample(20)(event("foobar"))).toBeNull();
  expect(sample(21)(event("foobar"))).not.toBeNull();
  expect(sample(1)({ type: "event" })).not.toBeNull();
  expect(sample(1)({ type: "update", userId: "a" })).not.toBeNull();
  const kept = Array.from({ length: 10_000 }, (_, n) => sample(10)(event(`user-${n}`))).filter(Boolean);
  expect(kept.length).toBeGreaterThan(900);
  expect(kept.length).toBeLessThan(1100);
});
