/** A study whose cells go through a queue: workers and the coordinator are killed, and it ends in the bits of one alone. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RedisServer,
  hasRedisServer,
  redisServer,
} from "../../packages/workers/src/testing/redisServer.ts";
import { metricValues } from "../../packages/workers/src/testing/metricValues.ts";
import { type JsonEvent, type Running, eventsOf, start, unspool, workFolder } from "./command.ts";

const canRun = hasRedisServer();
const { dir, remove } = workFolder();
let server: RedisServer;
const workers: Running[] = [];

beforeAll(async () => {
  if (!canRun) return;
  server = await redisServer("--requirepass", "s3cret");
  process.env["UNSPOOL_QUEUE"] = server.url.replace("//", "//:s3cret@");
});
afterAll(async () => {
  delete process.env["UNSPOOL_QUEUE"];
  for (const { child } of workers) child.kill("SIGKILL");
  await server?.stop();
  remove();
});

const settings = ["--set", "stepMs=10", "--set", "levels=[0]", "--checkpoint-every", "0.05"];
/** A worker, once it says that it works. */
async function worker(...more: string[]): Promise<Running & { said: string[] }> {
  const said: string[] = [];
  let begun = (): void => {};
  const beginning = new Promise<void>((resolve) => (begun = resolve));
  const running = start(dir, ["worker", "--hold", "1", "--json", ...more], (event) => {
    said.push(String(event["message"]));
    begun();
  });
  workers.push(running);
  await Promise.race([beginning, running.outcome]);
  return { ...running, said };
}

/** What must be the same: the last checkpoint of each cell, and the summary. */
function bitsOf(out: string): string[] {
  const cells = join(dir, out, "cells");
  const last = readdirSync(cells).map((id) => {
    const checkpoints = join(cells, id, "checkpoints");
    const newest = readdirSync(checkpoints).toSorted().at(-1)!;
    return `${id} ${newest} ${readFileSync(join(checkpoints, newest), "latin1")}`;
  });
  return [...last, readFileSync(join(dir, out, "summary.json"), "utf8")];
}

const linesOf = (out: string, cell: string): unknown[] =>
  readFileSync(join(dir, out, "cells", cell, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n");

const store = ["--store", "kept"];

describe.runIf(canRun)("a study through a queue", () => {
  it("has the bits of one alone, though a worker and the coordinator are killed", async () => {
    const alone = unspool(dir, "run", "noisyStudy.ts", "--out", "alone", ...settings);
    const first = await worker("--files", ".", "--jobs", "2", ...store);
    let kill = (): void => void first.child.kill("SIGKILL");
    const coordinator = start(
      dir,
      ["run", "noisyStudy.ts", "--out", "queued", "--queue", "env", ...store, "--json", ...settings],
      ({ event }, child) => {
        if (event === "step") {
          kill();
          kill = () => {};
        }
        if (event === "cell-end") child.kill("SIGKILL");
      },
    );
    const second = await worker("--files", ".", "--jobs", "2", "--health", "0", ...store);
    const killed = await coordinator.outcome;
    expect(killed.signal).toBe("SIGKILL");
    expect((await first.outcome).signal).toBe("SIGKILL");
    const resumed = await unspool(dir, "resume", "queued", "--experiment", "noisyStudy.ts", "--queue", "env", ...store, "--json"); // prettier-ignore
    expect([resumed.stderr, resumed.code]).toEqual(["", 0]);
    expect(eventsOf(resumed).at(-1)).toMatchObject({ event: "study-done", ended: 2, cells: 2, failed: [] });
    expect((await alone).code).toBe(0);
    expect(bitsOf("queued")).toEqual(bitsOf("alone"));
    for (const [cell, lines] of [
      ["noise-0", 40],
      ["after", 20],
    ] as const)
      // prettier-ignore
      expect(linesOf("queued", cell)).toHaveLength(lines);
    expect(readdirSync(join(dir, "kept"))).toEqual(["unspool-store.id"]);
    const at = /http:\/\/127\.0\.0\.1:\d+/.exec(second.said.join("\n"))![0];
    expect(await (await fetch(`${at}/healthz`)).text()).toBe("well\n");
    const metrics = metricValues(await (await fetch(`${at}/metrics`)).text());
    expect(metrics.get('unspool_cells_total{outcome="done"}')).toBeGreaterThan(0);
    expect(metrics.get("unspool_checkpoint_bytes_total")).toBeGreaterThan(0);
    expect((await fetch(`${at}/other`)).status).toBe(404);
    second.child.kill("SIGTERM");
    const stopped = await second.outcome;
    expect([stopped.stderr, stopped.code]).toEqual(["", 0]);
    expect(second.said.at(-1)).toContain("Stopped.");
    const told = JSON.stringify([killed, resumed, stopped, await first.outcome]);
    expect(told).not.toContain("s3cret");
  });

  it("a sweep has the bits of one alone, too", { tags: ["long"] }, async () => {
    const sweep = (out: string) =>
      ["sweep", "noisyQuadratic.ts", "--out", out, "--json", "--seeds", "0,1", "--steps", "3", "--set", "task.noise=0,1"]; // prettier-ignore
    const alone = unspool(dir, ...sweep("sweep-alone"));
    const first = await worker("--files", ".", "--jobs", "2");
    const queued = await unspool(dir, ...sweep("sweep-queued"), "--queue", "env");
    expect([queued.stderr, queued.code]).toEqual(["", 0]);
    expect((await alone).code).toBe(0);
    expect(bitsOf("sweep-queued")).toEqual(bitsOf("sweep-alone"));
    first.child.kill("SIGTERM");
    await first.outcome;
  });

  it("sweeps that grow have, too: by halving and by a search", { tags: ["long"] }, async () => {
    const kinds = [
      ["--halving", "--set", "task.noise=0,1,3", "--min-steps", "2"],
      ["--search", "cmaEs", "--trials", "4", "--batch", "2", "--set", "task.noise=uniform(0,3)"],
    ];
    const first = await worker("--files", ".", "--jobs", "2");
    for (const [i, kind] of kinds.entries()) {
      const sweep = (out: string) =>
        ["sweep", "noisyQuadratic.ts", "--out", out, "--json", "--seeds", "0", "--steps", "5", ...kind]; // prettier-ignore
      const alone = await unspool(dir, ...sweep(`alone-${i}`));
      const queued = await unspool(dir, ...sweep(`queued-${i}`), "--queue", "env");
      expect([alone.stderr, alone.code, queued.stderr, queued.code]).toEqual(["", 0, "", 0]);
      expect(bitsOf(`queued-${i}`)).toEqual(bitsOf(`alone-${i}`));
    }
    first.child.kill("SIGTERM");
    await first.outcome;
  });

  it("a worker of another rounding takes nothing, and says what differs", async () => {
    const other = await worker("--portable-bits", "--files", ".");
    await expect
      .poll(() => other.said, { timeout: 20_000 })
      .toContainEqual(expect.stringContaining("fma is true there and false here"));
    other.child.kill("SIGTERM");
    await other.outcome;
  });

  it(
    "a cell that is stopped with its worker is given back, and the next goes on with it",
    { tags: ["long"] },
    async () => {
      const run = ["run", "noisyStudy.ts", "--out", "back", "--queue", "env", "--json", "--seed", "7", "--set", "levels=[0]", "--set", "stepMs=30"]; // prettier-ignore
      const steps: unknown[] = [];
      const first = await worker("--files", ".");
      const coordinator = start(dir, run, ({ event, cell, step }: JsonEvent) => {
        if (event !== "step" || cell !== "noise-0") return;
        steps.push(step);
        if (steps.length === 1) first.child.kill("SIGTERM");
      });
      const stopped = await first.outcome;
      expect(stopped.code).toBe(0);
      expect(stopped.stdout).toContain("given back");
      const second = await worker("--files", ".");
      expect((await coordinator.outcome).code).toBe(0);
      expect(linesOf("back", "noise-0")).toHaveLength(40);
      second.child.kill("SIGTERM");
      await second.outcome;
    },
  );
});
