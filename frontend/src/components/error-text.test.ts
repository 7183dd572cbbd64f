// @vitest-environment jsdom
import { expect, it } from "vitest";
import { ApiError } from "../api/client";
import { errorText } from "./error-text";

it.each([
  [0, "does not answer", "try again"],
  [400, "does not take this question", "Unknown operator"],
  [404, "no such thing", "deleted"],
  [409, "Somebody else", "Unknown operator"],
  [429, "busy", "in 7 s"],
  [503, "warehouse", "Try again"],
  [504, "too long", "shorter period"],
  [500, "failed", "req_1"],
])("tells of a %d what happened and what to do", (status, title, advice) => {
  const error = new ApiError("unknown operator", {
    status,
    code: status === 429 ? "busy" : "code",
    retryAfter: 7,
    requestId: "req_1",
  });
  const text = errorText(error);
  expect(text.title).toContain(title);
  expect(text.advice).toContain(advice);
});

it("names the part of the question that is wrong", () => {
  const error = new ApiError("no such zone", { status: 400, code: "c", field: "timezone" });
  expect(errorText(error).advice).toBe("No such zone. (at timezone)");
});

it("has words for what is no answer of the server", () => {
  expect(errorText(new TypeError("x is undefined")).advice).toContain("Reload");
});

it.each([
  ["too_many_attempts", "Too many attempts"],
  ["too_many_calls", "Too many calls in a short time"],
  ["busy", "The server is busy with other questions"],
])("tells what there was too much of: %s", (code, title) => {
  const error = new ApiError("too many", { status: 429, code, retryAfter: 3 });
  expect(errorText(error)).toEqual({ title, advice: "Try again in 3 s." });
});
