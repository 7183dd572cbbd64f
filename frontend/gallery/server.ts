// The server's place in the gallery: answers from a list, without a network.

/** What is answered to a call; "never" leaves it waiting. */
export type Reply =
  | { json: unknown }
  | { status: number; code: string; message?: string }
  | "never"
  | "unreachable"
  | ((call: { url: URL; body: unknown }) => Reply);

/** Replies by method and path, as in "GET /api/v1/events"; a star stands for one part of a path. */
export type Replies = Readonly<Record<string, Reply>>;

/** Answers all calls of the page from here on; must come before the page's own modules. */
export function serve(replies: Replies): void {
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const text = await request.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    let reply = find(replies, `${request.method} ${url.pathname}`);
    while (typeof reply === "function") reply = reply({ url, body });
    if (reply === "never") return waiting(request.signal);
    if (reply === "unreachable") throw new TypeError("Failed to fetch");
    if ("json" in reply) return Response.json(reply.json);
    const { status, code, message = "The gallery says so." } = reply;
    return Response.json({ error: { code, message, field: null } }, { status });
  };
  window.EventSource = Quiet as unknown as typeof EventSource;
}

function find(replies: Replies, call: string): Reply {
  const parts = call.split("/");
  const fits = (pattern: string) => {
    const wanted = pattern.split("/");
    return (
      wanted.length === parts.length && wanted.every((part, index) => part === "*" || part === parts[index])
    );
  };
  const found = replies[call] ?? Object.entries(replies).find(([pattern]) => fits(pattern))?.[1];
  return found ?? { status: 404, code: "not_found", message: `The gallery has no answer to ${call}.` };
}

function waiting(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")));
  });
}

/** A stream on which nothing comes. */
class Quiet extends EventTarget {
  static readonly CLOSED = 2;
  readonly readyState = 1;

  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(new Event("open")));
  }

  close(): void {
    // There is nothing to close.
  }
}
