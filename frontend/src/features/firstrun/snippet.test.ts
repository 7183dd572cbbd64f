import { expect, it } from "vitest";
import { curlSnippet } from "./snippet";

it("sends to this address what the collection API takes", () => {
  const snippet = curlSnippet("https://loaf.example");
  expect(snippet).toContain("curl https://loaf.example/v1/events");
  const body: unknown = JSON.parse(snippet.slice(snippet.indexOf("'{") + 1, snippet.lastIndexOf("'")));
  expect(body).toEqual({
    events: [{ event: "signed_up", user_id: "user-1", properties: { plan: "pro" } }],
  });
});
