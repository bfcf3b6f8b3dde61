/** TLS against a real server, with certificates that are made here: who is trusted gets in, everybody else hears why. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { QueueError, connectQueue } from "./connectQueue.ts";
import { inspectQueue } from "./inspectQueue.ts";
import {
  type Certificate,
  type RedisServer,
  hasOpenssl,
  hasRedisServer,
  redisServer,
  safeRedisServer,
} from "./testing/redisServer.ts";

const dir = mkdtempSync(join(tmpdir(), "unspool-tls-"));
const openssl = (...args: string[]): void =>
  void execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

/** An authority, and a certificate of it for a name. */
function certificateFor(name: string): Certificate {
  writeFileSync(join(dir, "names"), `subjectAltName=${name}\n`);
  openssl("req", ...curve, "-subj", "/CN=queue", "-keyout", `${name}.key`, "-out", `${name}.csr`, "-new");
  openssl("x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", `${name}.crt`); // prettier-ignore
  return { cert: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
}

const canRun = hasRedisServer() && hasOpenssl();
let safe: RedisServer;
let misnamed: RedisServer;
let plain: RedisServer;
/** Answers in plain text before it is asked. */
const talker = createServer((socket) => socket.on("error", () => {}).end("-ERR\r\n"));
beforeAll(async () => {
  if (!canRun) return;
  talker.listen(0, "127.0.0.1");
  openssl("req", "-x509", ...curve, "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.crt");
  const [right, wrong] = [certificateFor("IP:127.0.0.1"), certificateFor("DNS:queue.invalid")];
  [safe, misnamed, plain] = await Promise.all([
    safeRedisServer(right, "--requirepass", "s3cret"),
    safeRedisServer(wrong),
    redisServer("--requirepass", "s3cret"),
  ]);
});
afterAll(async () => {
  talker.close();
  await Promise.all([safe?.stop(), misnamed?.stop(), plain?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

const withPassword = (url: string, password = "s3cret"): string => url.replace("//", `//:${password}@`);

/** What a process of its own hears that trusts this test's authority: Node reads the variable when it begins. */
function heardWithTrust(...urls: string[]): string[] {
  const script = `import { Redis } from "ioredis";
    for (const url of process.argv.slice(1)) {
      const { hostname, port, password } = new URL(url);
      const client = new Redis({ host: hostname, port, password, tls: {}, retryStrategy: () => null });
      client.on("error", (error) => console.log(error.message));
      await client.ping().then(console.log, () => {});
      client.disconnect();
    }`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(dir, "ca.crt") };
  const args = ["--input-type=module", "-e", script, ...urls];
  const { stdout } = spawnSync(process.execPath, args, { cwd: import.meta.dirname, env, encoding: "utf8" });
  return stdout.trim().split("\n");
}

describe.runIf(canRun)("a server with TLS", () => {
  test(
    "is reached by who trusts its authority, and only under the name of its certificate",
    { tags: ["long"] },
    () => {
      expect(heardWithTrust(withPassword(safe.url), misnamed.url)).toEqual([
        "PONG",
        expect.stringContaining("does not match certificate's altnames"),
      ]);
    },
  );

  test.each<[string, () => string, RegExp]>([
    ["whose authority is not trusted", () => withPassword(safe.url), /certificate is not trusted \(.*NODE_EXTRA_CA_CERTS/],
    ["that speaks no TLS", () => `rediss://127.0.0.1:${(talker.address() as AddressInfo).port}`, /does not speak TLS there .*Write redis:/s],
    ["with another password", () => withPassword(plain.url, "wr0ng"), /does not let us in \(WRONGPASS/],
    ["without a password", () => plain.url, /does not let us in \(NOAUTH.*UNSPOOL_QUEUE/],
  ])("%s is an error at once, for all commands", async (_, url, text) => {
    const began = performance.now();
    for (const connect of [() => connectQueue(url(), () => {}), () => inspectQueue(url())]) {
      const error: unknown = await connect().then(() => undefined, (each: unknown) => each); // prettier-ignore
      expect(error).toBeInstanceOf(QueueError);
      expect((error as Error).message).toMatch(text);
      expect((error as Error).message).not.toMatch(/s3cret|wr0ng/);
    }
    expect(performance.now() - began).toBeLessThan(4000);
  }); // prettier-ignore

  test("asked without TLS it is not reached, and the way is told; the wait ends with its signal", async () => {
    const url = safe.url.replace("rediss:", "redis:");
    await expect(inspectQueue(url)).rejects.toThrow(/If it asks for TLS, write rediss:/);
    const controller = new AbortController();
    const told: string[] = [];
    const waiting = connectQueue(
      url,
      (message) => void (told.push(message), controller.abort()),
      controller.signal,
    );
    await expect(waiting).rejects.toThrow(QueueError);
    expect(told).toEqual([expect.stringContaining("It is asked again.")]);
  });
});
