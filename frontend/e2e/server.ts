import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const here = import.meta.dirname;
const loafctl = resolve(process.env.LOAFCTL ?? join(here, "../../bin/loafctl"));
const sampleDir = resolve(process.env.LOAF_SAMPLE_DATA ?? join(here, "../../insights-server/query/testdata"));

export const API_KEY = "key-of-the-browser-tests";
export const PASSWORD = "password of the browser tests";

export type SeedEvent = {
  event_id?: string;
  event: string;
  user_id?: string;
  timestamp: string;
  properties?: Record<string, unknown>;
};

type Query = Record<string, unknown>;
export type Answer = {
  buckets: string[];
  series: {
    event: string;
    breakdown: string | null;
    count: number;
    values: (number | null)[];
    previous?: { count: number; values: (number | null)[] };
  }[];
  formulas?: { name: string; breakdown: string | null; values: (number | null)[] }[];
};

type Step = {
  users: number;
  conversion: number;
  step_conversion: number | null;
  median_seconds: number | null;
};
export type FunnelAnswer = { steps: Step[]; groups?: { breakdown: string | null; steps: Step[] }[] };

export type StickinessAnswer = { series: { event: string; intervals: number[]; users: number[] }[] };

export type LifecycleAnswer = { buckets: string[] } & Record<
  "new" | "returning" | "resurrecting" | "dormant",
  number[]
>;

export type PathsAnswer = {
  users: number;
  steps: {
    events: { event: string | null; users: number }[];
    links: { from: string | null; to: string | null; users: number }[];
    ended: number;
  }[];
};

export type RetentionAnswer = { cohorts: { cohort: string; size: number; values: number[] }[] };

/** A real `loafctl dev` with a data folder of its own. */
export class Server {
  readonly url: string;
  #process: ChildProcess;
  readonly #dataDir: string;
  readonly #port: number;
  #token = "";

  private constructor(port: number, dataDir: string) {
    this.#port = port;
    this.#dataDir = dataDir;
    this.url = `http://127.0.0.1:${port}`;
    this.#process = this.#spawn();
  }

  static async start(): Promise<Server> {
    const dataDir = await mkdtemp(join(tmpdir(), "loaf-e2e-"));
    const server = new Server(await freePort(), dataDir);
    await server.#ready();
    return server;
  }

  #spawn(): ChildProcess {
    const args = [
      "dev",
      "--addr",
      `127.0.0.1:${this.#port}`,
      "--data-dir",
      this.#dataDir,
      "--load-every",
      "500ms",
    ];
    return spawn(loafctl, [...args, "--api-key", API_KEY, "--admin-password", PASSWORD], {
      stdio: ["ignore", "ignore", process.env.LOAF_E2E_VERBOSE ? "inherit" : "ignore"],
    });
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      if (this.#process.exitCode !== null) {
        throw new Error(
          `${loafctl} dev ended with ${this.#process.exitCode}: build it first, or name another with LOAFCTL; LOAF_E2E_VERBOSE=1 shows what it says`,
        );
      }
      const healthy = await fetch(`${this.url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) break;
      if (Date.now() > deadline) throw new Error(`${loafctl} dev did not get ready in 30 s`);
      await pause(50);
    }
    const response = await fetch(`${this.url}/api/v1/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ password: PASSWORD }),
    });
    if (!response.ok)
      throw new Error(`signing in for the tests: ${response.status} ${await response.text()}`);
    this.#token = (response.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
  }

  /** Ends the process as Ctrl-C does; the data stays. */
  async halt(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGINT");
    await gone;
  }

  /** Starts it again on the same address and data. */
  async resume(): Promise<void> {
    this.#process = this.#spawn();
    await this.#ready();
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** Sends events through the collection API and waits until they can be asked about. */
  async seed(events: SeedEvent[]): Promise<void> {
    const before = await this.#rows();
    const response = await fetch(`${this.url}/v1/events`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "x-api-key": API_KEY },
      body: JSON.stringify({ events }),
    });
    const answer = (await response.json()) as { accepted: number };
    if (response.status !== 202 || answer.accepted !== events.length) {
      throw new Error(`seeding events: ${response.status} ${JSON.stringify(answer)}`);
    }
    await this.#loaded(before + events.length);
  }

  /** Imports the sample data with loafctl, as a user would, and waits until it is loaded. */
  async importSample(): Promise<void> {
    const before = await this.#rows();
    const files = ["terraform-commits.users.ndjson.gz", "terraform-commits.events.ndjson.gz"];
    for (const file of files) {
      const importer = spawn(
        loafctl,
        ["import", "--endpoint", this.url, "--api-key", API_KEY, join(sampleDir, file)],
        { stdio: ["ignore", "ignore", "inherit"] },
      );
      const [code] = (await once(importer, "exit")) as [number | null];
      if (code !== 0) throw new Error(`importing ${file} ended with ${code}`);
    }
    await this.#loaded(before + 76_494 + 2_337);
  }

  /** Audits the last day with loafctl, as a user would. */
  async audit(): Promise<void> {
    const audit = spawn(loafctl, ["audit", "--from", "24h", "--data-dir", this.#dataDir], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = (await once(audit, "exit")) as [number | null];
    if (code !== 0) throw new Error(`loafctl audit ended with ${code}`);
  }

  /** Asks the API a question, as a program would. */
  async ask(query: Query): Promise<Answer> {
    return (await this.#api("/api/v1/query", query)) as Answer;
  }

  /** The same of a funnel. */
  async askFunnel(query: Query): Promise<FunnelAnswer> {
    return (await this.#api("/api/v1/query", { kind: "funnel", ...query })) as FunnelAnswer;
  }

  /** The same of a retention. */
  async askRetention(query: Query): Promise<RetentionAnswer> {
    return (await this.#api("/api/v1/query", { kind: "retention", ...query })) as RetentionAnswer;
  }

  /** The same of a stickiness. */
  async askStickiness(query: Query): Promise<StickinessAnswer> {
    return (await this.#api("/api/v1/query", { kind: "stickiness", ...query })) as StickinessAnswer;
  }

  /** The same of a lifecycle. */
  async askLifecycle(query: Query): Promise<LifecycleAnswer> {
    return (await this.#api("/api/v1/query", { kind: "lifecycle", ...query })) as LifecycleAnswer;
  }

  /** The same of paths. */
  async askPaths(query: Query): Promise<PathsAnswer> {
    return (await this.#api("/api/v1/query", { kind: "paths", ...query })) as PathsAnswer;
  }

  async pipeline(): Promise<{ rows_loaded: number; files_waiting: number }> {
    return (await this.#api("/api/v1/pipeline")) as { rows_loaded: number; files_waiting: number };
  }

  async #api(path: string, body?: Query): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method: body ? "POST" : "GET",
      headers: { Cookie: this.#token, "Content-Type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async #rows(): Promise<number> {
    return (await this.pipeline()).rows_loaded;
  }

  async #loaded(rows: number): Promise<void> {
    const deadline = Date.now() + 60_000;
    while ((await this.#rows()) < rows) {
      if (Date.now() > deadline)
        throw new Error(`only ${await this.#rows()} of ${rows} rows were loaded in 60 s`);
      await pause(100);
    }
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
