import createClient from "openapi-fetch";
import type { paths } from "./schema.gen";

/** The server that serves this page, typed by its OpenAPI document. */
export const client = createClient<paths>({ baseUrl: window.location.origin });

/** A call that the server refused, or that did not reach it (status 0). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  /** The path of the offending part of the request. */
  readonly field: string | null;
  /** Seconds to wait before the next try, where the server says so. */
  readonly retryAfter: number | null;
  /** Names the call in the server's log. */
  readonly requestId: string | null;

  constructor(
    message: string,
    about: {
      status: number;
      code: string;
      field?: string | null;
      retryAfter?: number | null;
      requestId?: string | null;
    },
  ) {
    super(message);
    this.status = about.status;
    this.code = about.code;
    this.field = about.field ?? null;
    this.retryAfter = about.retryAfter ?? null;
    this.requestId = about.requestId ?? null;
  }
}

/** Whether something was not saved because somebody else had changed it in the meantime. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === "conflict";
}

type Outcome<T> = { data?: T; error?: unknown; response: Response };

/** The answer of a call, or an ApiError. A call that was cancelled keeps its AbortError. */
export async function unwrap<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer.", { status: 0, code: "unreachable" });
  }
  const { data, error, response } = outcome;
  if (response.ok) return data as T;
  throw toApiError(error, response);
}

function toApiError(body: unknown, response: Response): ApiError {
  const retryAfter = Number(response.headers.get("Retry-After"));
  const about = {
    status: response.status,
    retryAfter: retryAfter > 0 ? retryAfter : null,
    requestId: response.headers.get("X-Request-Id"),
  };
  const told = errorIn(body);
  // A proxy in between may answer without our error body.
  if (!told) {
    return new ApiError(`The server answered ${response.status}.`, { ...about, code: "unexpected" });
  }
  return new ApiError(told.message, { ...about, code: told.code, field: told.field });
}

function errorIn(body: unknown): { code: string; message: string; field: string | null } | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const error = body.error;
  if (typeof error !== "object" || error === null) return null;
  if (!("code" in error) || typeof error.code !== "string") return null;
  if (!("message" in error) || typeof error.message !== "string") return null;
  const field = "field" in error && typeof error.field === "string" ? error.field : null;
  return { code: error.code, message: error.message, field };
}
