// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { ApiError, unwrap } from "./client";

const response = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers });

async function failure(outcome: { error?: unknown; response: Response }): Promise<ApiError> {
  try {
    await unwrap(Promise.resolve(outcome));
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("unwrap did not fail");
}

describe("unwrap", () => {
  it("gives the answer", async () => {
    expect(await unwrap(Promise.resolve({ data: { a: 1 }, response: response(200) }))).toEqual({ a: 1 });
  });

  it("keeps what the server says of an error", async () => {
    const error = await failure({
      error: { error: { code: "busy", message: "too many", field: null } },
      response: response(429, { "Retry-After": "3", "X-Request-Id": "r1" }),
    });
    expect(error).toMatchObject({
      status: 429,
      code: "busy",
      message: "too many",
      retryAfter: 3,
      requestId: "r1",
    });
  });

  it.each([undefined, "<html>", { error: "x" }, { error: { code: 1, message: "x" } }, null])(
    "has words for an error body of something in between: %j",
    async (error) => {
      expect(await failure({ error, response: response(502) })).toMatchObject({
        status: 502,
        code: "unexpected",
      });
    },
  );

  it("tells a server that does not answer from a call that was cancelled", async () => {
    await expect(unwrap(Promise.reject(new TypeError("fetch failed")))).rejects.toMatchObject({ status: 0 });
    const aborted = new DOMException("cancelled", "AbortError");
    await expect(unwrap(Promise.reject(aborted))).rejects.toBe(aborted);
  });
});
