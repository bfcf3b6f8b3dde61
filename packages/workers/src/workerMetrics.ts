/**
 * What a worker counts, as Prometheus reads it, and whether it is well: `/metrics` and `/healthz` on a port of its own.
 * `prom-client` writes the format: its escapes and the buckets of histograms are others' old mistakes.
 */
import { createServer } from "node:http";
import type { Redis } from "ioredis";
import { OptionError } from "unspool";
import type { RunStore } from "unspool/train";
import type { Capability } from "./cellJob.ts";
import { serverTime, type WorkerInfo } from "./registry.ts";

export interface WorkerMetrics {
  /** A cell begins, so long after it was put into the queue. */
  cellBegun(waitedMs: number): void;
  cellEnded(outcome: "done" | "failed"): void;
  /** A cell is given back, or was not taken. */
  cellLeft(): void;
  stepsDone(count: number): void;
  /** The same store, whose checkpoints are counted. */
  measured(store: RunStore): RunStore;
  /** What is asked whenever somebody looks. */
  watch(client: Redis, running: () => readonly WorkerInfo["cells"][number][]): void;
  /** The page `/metrics`. */
  text(): Promise<string>;
  /** Whether the queue's server is connected. */
  isWell(): boolean;
}

/** A server that takes longer than this to say the time counts as not reached. */
const patienceMs = 2000;

export async function workerMetrics(has: Capability, jobs: number): Promise<WorkerMetrics> {
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const info = new Gauge({ registers, name: "unspool_worker_info", help: "What the worker is; always 1.", labelNames: ["version", "node", "engine", "fma"] }); // prettier-ignore
  info.set({ version: has.unspool, node: has.node, engine: has.engine, fma: String(has.fma) }, 1);
  const read = (name: string, help: string, value: () => number | Promise<number>): void =>
    registry.registerMetric(
      new Gauge({
        ...{ name, help, registers: [] },
        async collect() {
          this.set(await value());
        },
      }),
    );
  read("unspool_worker_jobs", "Cells that it runs at once at most.", () => jobs);
  const ended = new Counter({ registers, name: "unspool_cells_total", help: "Cells that have ended here.", labelNames: ["outcome"] }); // prettier-ignore
  for (const outcome of ["done", "failed"]) ended.inc({ outcome }, 0);
  const left = new Counter({ registers, name: "unspool_cells_left_total", help: "Cells that were given back, or not taken." }); // prettier-ignore
  const steps = new Counter({
    registers,
    name: "unspool_steps_total",
    help: "Outer steps that were made here.",
  });
  const checkpoints = new Counter({ registers, name: "unspool_checkpoints_total", help: "Checkpoints that were kept." }); // prettier-ignore
  const bytes = new Counter({ registers, name: "unspool_checkpoint_bytes_total", help: "Bytes of them." });
  const failures = new Counter({ registers, name: "unspool_checkpoint_failures_total", help: "Checkpoints that the store did not take." }); // prettier-ignore
  const wait = new Histogram({ registers, name: "unspool_queue_wait_seconds", help: "From a cell's way into the queue to its start here, by two machines' clocks.", buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 43_200] }); // prettier-ignore
  let watched: { client: Redis; running: () => readonly WorkerInfo["cells"][number][] } | undefined;
  const isWell = (): boolean => watched?.client.status === "ready";
  const cells = () => watched?.running() ?? [];
  read("unspool_cells_running", "Cells that run here now.", () => cells().length);
  read("unspool_steps_per_second", "Outer steps a second of all cells that run here now.", () =>
    cells().reduce((sum, { stepsPerSecond }) => sum + stepsPerSecond, 0),
  );
  read("unspool_queue_up", "Whether the queue's server is connected.", () => (isWell() ? 1 : 0));
  read(
    "unspool_queue_round_trip_seconds",
    "Of a question to the queue's server; NaN without an answer.",
    async () => {
      const began = performance.now();
      const isAnswered = isWell() && (await within(serverTime(watched!.client)));
      return isAnswered ? (performance.now() - began) / 1000 : Number.NaN;
    },
  );
  return {
    cellBegun: (waitedMs) => wait.observe(Math.max(0, waitedMs) / 1000),
    cellEnded: (outcome) => ended.inc({ outcome }),
    cellLeft: () => left.inc(),
    stepsDone: (count) => steps.inc(Math.max(0, count)),
    measured: (store) => ({
      ...store,
      async writeCheckpoint(step, data) {
        await store.writeCheckpoint(step, data).catch((error: unknown) => {
          failures.inc();
          throw error;
        });
        checkpoints.inc();
        bytes.inc(data.length);
      },
    }),
    watch: (client, running) => void (watched = { client, running }),
    // The library writes Nan, and the format has NaN.
    text: async () => (await registry.metrics()).replace(/ Nan$/gm, " NaN"),
    isWell,
  };
}

const within = (asked: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    asked.then(
      () => true,
      () => false,
    ),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), patienceMs).unref()),
  ]);

export interface HealthAddress {
  host: string;
  port: number;
}

/** `PORT`, on loopback only, or `HOST:PORT`. */
export function healthAddress(text: string): HealthAddress {
  const [, host, port] = /^(?:(\[[0-9a-fA-F:]+\]|[\w.-]+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new OptionError("healthServer", "health", text, "PORT, for this machine only, or HOST:PORT", "For all who reach this machine: 0.0.0.0:9100."); // prettier-ignore
  return { host: host?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1", port: Number(port) };
}

export interface HealthServer {
  url: string;
  close(): Promise<void>;
}

/** `/healthz` and `/metrics`, and nothing else. Throws `OptionError` where the port is taken. */
export async function healthServer(
  metrics: WorkerMetrics,
  { host, port }: HealthAddress,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8"): void =>
      void response.writeHead(status, { "content-type": type }).end(text);
    const path = request.url?.split("?")[0];
    if (request.method !== "GET") answer(405, "GET only\n");
    else if (path === "/healthz")
      answer(...((metrics.isWell() ? [200, "well\n"] : [503, "the queue's server is not connected\n"]) as [number, string])); // prettier-ignore
    else if (path === "/metrics")
      metrics.text().then(
        (text) => answer(200, text, "text/plain; version=0.0.4; charset=utf-8"),
        (error: Error) => answer(500, `${error.message}\n`),
      );
    else answer(404, "/healthz or /metrics\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new OptionError("healthServer", "health", `${host}:${port}`, "a free port of this machine", `(${error.message})`))); // prettier-ignore
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
