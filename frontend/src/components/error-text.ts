import { ApiError } from "../api/client";

export type ErrorText = { title: string; advice: string };

const TOO_MANY: Readonly<Record<string, string>> = {
  busy: "The server is busy with other questions",
  too_many_calls: "Too many calls in a short time",
};

/** An error in words for people: what happened, and what to do about it. */
export function errorText(error: unknown): ErrorText {
  if (!(error instanceof ApiError)) {
    return {
      title: "Something went wrong in this page",
      advice: "Reload the page. Your question is kept in its address.",
    };
  }
  const { status, code, message, field, retryAfter, requestId } = error;
  switch (status) {
    case 0:
      return {
        title: "The server does not answer",
        advice: "Check that it is running and that you are connected, then try again.",
      };
    case 400:
      return {
        title: "The server does not take this question",
        advice: field === null ? sentence(message) : `${sentence(message)} (at ${field})`,
      };
    case 401:
      return { title: "You are not signed in", advice: "Sign in to go on. Your question is kept." };
    case 403:
      return { title: "The server refuses this call", advice: sentence(message) };
    case 404:
      return {
        title: "There is no such thing, or no more",
        advice: "It may have been deleted, or the address be mistyped.",
      };
    case 409:
      return {
        title: code === "in_use" ? "It is in use" : "Somebody else changed it",
        advice: sentence(message),
      };
    case 429:
      return {
        title: TOO_MANY[code] ?? "Too many attempts",
        advice: `Try again ${retryAfter === null ? "in a moment" : `in ${retryAfter} s`}.`,
      };
    case 503:
      return {
        title: "The warehouse does not answer",
        advice:
          "It may be starting or away. Data that is sent now is kept and loaded later. Try again in a minute.",
      };
    case 504:
      return {
        title: "This question took too long",
        advice: "Choose a shorter period or a longer interval, or filter for less, and ask again.",
      };
    default:
      return {
        title: "The server failed",
        advice:
          requestId === null
            ? sentence(message)
            : `${sentence(message)} Its log has more, under request ${requestId}.`,
      };
  }
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
