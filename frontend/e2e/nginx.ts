import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request as requestPlain, type IncomingMessage, type ServerResponse } from "node:http";
import { request as requestTLS } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { freePort, pause } from "./server";

const root = resolve(import.meta.dirname, "../..");
const deploy = join(root, "insights-server/deploy");
const page = join(root, "insights-server/page/dist");
const nginx = process.env.NGINX_PATH ?? "/usr/sbin/nginx";

/** The unprivileged user of most systems; a test that runs as root starts nginx as this one. */
const nobody = 65_534;

export type Reply = {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  /** The headers as they came, so that one which is there twice is seen. */
  rawHeaders: [name: string, value: string][];
  body: string;
};

export type Question = {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Over the port without TLS. */
  plain?: boolean;
};

type Options = {
  tls: "self-signed" | "load-balancer";
  /** The host and port of the insights server. */
  upstream: string;
  trusted?: string;
};

/** The shipped configuration in the nginx of this machine: only ports and folders are other ones. */
export class Nginx {
  /** What nginx said beside its log: nothing, when all is well. */
  said = "";
  readonly url: string;
  readonly plainURL: string;
  readonly certificate: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  static async start(options: Options): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), "loaf-nginx-"));
    // Copies, since the other user may not look into the folders of this one.
    await chmod(folder, 0o755);
    await mkdir(join(folder, "made"));
    await chmod(join(folder, "made"), 0o777);
    await cp(join(deploy, "nginx"), join(folder, "configuration"), { recursive: true });
    await cp(page, join(folder, "page"), { recursive: true, filter: (name) => !name.endsWith("/.keep") });
    const certificate = options.tls === "self-signed" ? await makeCertificate(folder) : "";
    const started = new Nginx(options, folder, certificate, await freePort(), await freePort());
    await started.#ready();
    return started;
  }

  private constructor(
    options: Options,
    folder: string,
    certificate: string,
    plainPort: number,
    tlsPort: number,
  ) {
    this.#folder = folder;
    this.certificate = certificate;
    this.plainURL = `http://127.0.0.1:${plainPort}`;
    this.url = options.tls === "self-signed" ? `https://127.0.0.1:${tlsPort}` : this.plainURL;
    const asRoot = process.getuid?.() === 0;
    this.#process = spawn("sh", [join(folder, "configuration/entrypoint")], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      ...(asRoot ? { uid: nobody, gid: nobody } : {}),
      env: {
        PATH: "/usr/sbin:/usr/bin:/bin",
        LOAF_TLS: options.tls,
        LOAF_PUBLIC_URL: options.tls === "self-signed" ? this.url : "https://loaf.example.com",
        LOAF_TRUSTED_NETWORKS: options.trusted ?? "",
        LOAF_SERVER: options.upstream,
        LOAF_NGINX: nginx,
        LOAF_NGINX_CONFIGURATION: join(folder, "configuration"),
        LOAF_NGINX_TEMPORARY: join(folder, "made/nginx"),
        LOAF_NGINX_PAGE: join(folder, "page"),
        LOAF_NGINX_CERTIFICATE: join(folder, "machine/var/lib/dataloaf/tls/certificate.pem"),
        LOAF_NGINX_CERTIFICATE_KEY: join(folder, "machine/var/lib/dataloaf/tls/key.pem"),
        LOAF_NGINX_LISTEN_HTTP: `127.0.0.1:${plainPort}`,
        LOAF_NGINX_LISTEN_HTTPS: `127.0.0.1:${tlsPort}`,
        LOAF_NGINX_ACCESS_LOG: join(folder, "made/access.log"),
      },
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => (this.said += chunk.toString()));
  }

  async #ready(): Promise<void> {
    const { hostname, port } = new URL(this.url);
    const deadline = Date.now() + 10_000;
    while (!(await accepts(hostname, Number(port)))) {
      if (this.#process.exitCode !== null) throw new Error(`nginx ended: ${this.said}`);
      if (Date.now() > deadline) throw new Error(`nginx did not start in 10 s: ${this.said}`);
      await pause(20);
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const gone = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Asks as a program would, and checks the certificate. The path goes as it is, dots and all. */
  async ask(path: string, { method = "GET", headers = {}, body, plain }: Question = {}): Promise<Reply> {
    const response = await this.open(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(plain ? { plain } : {}),
    });
    let text = "";
    response.setEncoding("latin1");
    for await (const chunk of response) text += chunk as string;
    const rawHeaders: [string, string][] = [];
    for (let i = 0; i < response.rawHeaders.length; i += 2) {
      rawHeaders.push([(response.rawHeaders[i] ?? "").toLowerCase(), response.rawHeaders[i + 1] ?? ""]);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, rawHeaders, body: text };
  }

  /** Asks, and gives the answer once its headers are there. */
  open(path: string, { method = "GET", headers = {}, body, plain }: Question = {}): Promise<IncomingMessage> {
    const { hostname, port, protocol } = new URL(plain ? this.plainURL : this.url);
    return new Promise((done, failed) => {
      const ask = protocol === "https:" ? requestTLS : requestPlain;
      const sent = ask(
        { hostname, port, path, method, headers, agent: false, ca: this.certificate },
        (response) => done(response),
      );
      sent.on("error", failed);
      sent.end(body);
    });
  }

  /** The lines of the access log. */
  async log(): Promise<Record<string, unknown>[]> {
    const text = await readFile(join(this.#folder, "made/access.log"), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** Makes the certificate with the script that makes it on the instance. */
async function makeCertificate(folder: string): Promise<string> {
  const machine = join(folder, "machine");
  const made = join(machine, "var/lib/dataloaf/tls");
  await mkdir(join(machine, "etc/dataloaf"), { recursive: true });
  await writeFile(
    join(machine, "etc/dataloaf/stack.env"),
    "LOAF_TLS=self-signed\nLOAF_PUBLIC_URL=https://127.0.0.1\n",
  );
  // There is no container to tell, and the key's group is the image's.
  await mkdir(join(folder, "stand-ins"));
  for (const name of ["chown", "docker"]) {
    await writeFile(join(folder, "stand-ins", name), "#!/bin/sh\n", { mode: 0o755 });
  }
  await promisify(execFile)("bash", [join(deploy, "bin/certificate")], {
    env: { PATH: `${join(folder, "stand-ins")}:/usr/bin:/bin`, DESTDIR: machine },
  });
  await chmod(made, 0o755);
  await chmod(join(made, "key.pem"), 0o644);
  return readFile(join(made, "certificate.pem"), "utf8");
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

/** A server in the insights server's place, which answers as a test wants. */
export class Upstream {
  /** The requests that it got. */
  readonly seen: IncomingMessage[] = [];
  readonly host: string;
  readonly #server: ReturnType<typeof createServer>;

  static async start(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<Upstream> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const upstream = new Upstream(server);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      upstream.seen.push(request);
      answer(request, response);
    });
    return upstream;
  }

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
