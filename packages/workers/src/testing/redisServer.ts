/** A real `redis-server` on loopback for tests: on a free port, with its file in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether tests can run one. CI does not allow to skip them: there the tests fail where it is missing. */
export function hasRedisServer(): boolean {
  return hasProgram("redis-server", "--version");
}

/** The same of what makes certificates. */
export function hasOpenssl(): boolean {
  return hasProgram("openssl", "version");
}

function hasProgram(name: string, ...question: string[]): boolean {
  const isThere = spawnSync(name, question).status === 0;
  if (isThere || process.env["CI"] === "true") return true;
  console.warn(`skipped: tests of the queue need ${name} (Debian: apt-get install ${name}).`);
  return false;
}

export interface RedisServer {
  url: string;
  /** Ends it by `signal`, and begins it again on its port with what is on its disk. */
  restart(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/** With `tls` on its port, and nothing else: the files of its certificate. */
export interface Certificate {
  cert: string;
  key: string;
}

export const redisServer = (...settings: string[]): Promise<RedisServer> => serverOf(undefined, settings);

export const safeRedisServer = (tls: Certificate, ...settings: string[]): Promise<RedisServer> =>
  serverOf(tls, settings);

async function serverOf(tls: Certificate | undefined, settings: readonly string[]): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), "unspool-redis-"));
  const port = await freePort();
  const ports = tls === undefined ? ["--port", `${port}`] : ["--port", "0", "--tls-port", `${port}`, "--tls-cert-file", tls.cert, "--tls-key-file", tls.key, "--tls-auth-clients", "no"]; // prettier-ignore
  let child: ChildProcess;
  const begin = async (): Promise<void> => {
    const args = [...ports, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", ...settings]; // prettier-ignore
    child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`redis-server ended with code ${code}`)));
      child.stdout!.on("data", (text: Uint8Array) => {
        if (new TextDecoder().decode(text).includes("Ready to accept connections")) resolve();
      });
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  };
  await begin();
  return {
    url: `${tls === undefined ? "redis" : "rediss"}://127.0.0.1:${port}`,
    async restart(signal) {
      await end(signal);
      await begin();
    },
    async stop() {
      await end("SIGTERM");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
