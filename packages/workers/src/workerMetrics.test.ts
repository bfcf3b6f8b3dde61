import { expect, test } from "vitest";
import { memoryStore } from "unspool/train";
import { metricValues } from "./testing/metricValues.ts";
import { healthAddress, healthServer, workerMetrics } from "./workerMetrics.ts";

const has = { unspool: '0.1.0"\\', node: "v20.20.2", engine: "compiled", fma: true } as const;

test("a worker's page is what Prometheus reads, with what was counted", async () => {
  const metrics = await workerMetrics(has, 3);
  metrics.cellBegun(700);
  metrics.cellEnded("failed");
  metrics.cellLeft();
  metrics.stepsDone(12);
  const store = metrics.measured(memoryStore());
  await store.create({ experiment: "x", config: {}, seed: 0, steps: 1, status: "running", startedAt: "", updatedAt: "" }); // prettier-ignore
  await store.writeCheckpoint(1, new Uint8Array(300));
  const values = metricValues(await metrics.text());
  const of = (name: string) => values.get(`unspool_${name}`);
  expect(of(String.raw`worker_info{version="0.1.0\"\\",node="v20.20.2",engine="compiled",fma="true"}`)).toBe(
    1,
  );
  expect([of('cells_total{outcome="done"}'), of('cells_total{outcome="failed"}'), of("cells_left_total")]).toEqual([0, 1, 1]); // prettier-ignore
  expect([of("steps_total"), of("checkpoints_total"), of("checkpoint_bytes_total")]).toEqual([12, 1, 300]);
  expect([of('queue_wait_seconds_bucket{le="0.5"}'), of('queue_wait_seconds_bucket{le="1"}')]).toEqual([
    0, 1,
  ]);
  // Without a connection there is no round trip.
  expect([of("queue_up"), of("queue_round_trip_seconds")]).toEqual([0, Number.NaN]);
});

test("a worker without its queue is not well, and says so", async () => {
  const server = await healthServer(await workerMetrics(has, 1), healthAddress("0"));
  try {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(503);
    expect((await fetch(`${server.url}/metrics`, { method: "POST" })).status).toBe(405);
    const port = server.url.split(":").at(-1)!;
    await expect(healthServer(await workerMetrics(has, 1), healthAddress(port))).rejects.toThrow(
      /health must be a free port/,
    );
  } finally {
    await server.close();
  }
});

test("a port is of this machine only, unless a host is written", () => {
  expect(healthAddress("9100")).toEqual({ host: "127.0.0.1", port: 9100 });
  expect(healthAddress("0.0.0.0:9100")).toEqual({ host: "0.0.0.0", port: 9100 });
  expect(healthAddress("[::1]:9100")).toEqual({ host: "::1", port: 9100 });
  for (const wrong of ["", "99999", "x", ":9100", "a b:9100"])
    expect(() => healthAddress(wrong)).toThrow(/health must be PORT/);
});

test.each([
  ["a sample before its type", "a 1\n# TYPE a gauge\n"],
  ["the same twice", "# TYPE a gauge\na 1\na 2\n"],
  ["a label without quotes", "# TYPE a gauge\na{b=1} 1\n"],
  ["no number", "# TYPE a gauge\na one\n"],
  ["a line without its end", "# TYPE a gauge\na 1"],
])("the reader of the tests refuses %s", (_, text) => {
  expect(() => metricValues(text)).toThrow();
});
