/** A study whose cells go through a queue: workers and the coordinator are killed, and it ends in the bits of one alone. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RedisServer,
  hasRedisServer,
  redisServer,
} from "../../packages/workers/src/testing/redisServer.ts";
import { type JsonEvent, type Running, eventsOf, start, unspool, workFolder } from "./command.ts";

const canRun = hasRedisServer();
const { dir, remove } = workFolder();
let server: RedisServer;
let url: string;
const workers: Running[] = [];

beforeAll(async () => {
  if (!canRun) return;
  process.env["UNSPOOL_WORKER_LOCK_MS"] = "1000";
  server = await redisServer("--requirepass", "s3cret");
  url = server.url.replace("//", "//:s3cret@");
});
afterAll(async () => {
  for (const { child } of workers) child.kill("SIGKILL");
  delete process.env["UNSPOOL_WORKER_LOCK_MS"];
  await server?.stop();
  remove();
});

const settings = ["--set", "stepMs=10", "--set", "levels=[0]", "--checkpoint-every", "0.05"];
/** A worker, once it says that it works. */
async function worker(...more: string[]): Promise<Running & { said: string[] }> {
  const said: string[] = [];
  let begun = (): void => {};
  const beginning = new Promise<void>((resolve) => (begun = resolve));
  const running = start(dir, ["worker", "--queue", url, "--json", ...more], (event) => {
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

describe.runIf(canRun)("a study through a queue", () => {
  it("has the bits of one alone, though a worker and the coordinator are killed", async () => {
    const alone = unspool(dir, "run", "noisyStudy.ts", "--out", "alone", ...settings);
    const first = await worker("--files", ".", "--jobs", "2");
    let kill = (): void => void first.child.kill("SIGKILL");
    const coordinator = start(
      dir,
      ["run", "noisyStudy.ts", "--out", "queued", "--queue", url, "--json", ...settings],
      ({ event }, child) => {
        if (event === "step") {
          kill();
          kill = () => {};
        }
        if (event === "cell-end") child.kill("SIGKILL");
      },
    );
    const second = await worker("--files", ".", "--jobs", "2");
    const killed = await coordinator.outcome;
    expect(killed.signal).toBe("SIGKILL");
    expect((await first.outcome).signal).toBe("SIGKILL");
    const resumed = await unspool(dir, "resume", "queued", "--experiment", "noisyStudy.ts", "--queue", url, "--json"); // prettier-ignore
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
    const queued = await unspool(dir, ...sweep("sweep-queued"), "--queue", url);
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
      const queued = await unspool(dir, ...sweep(`queued-${i}`), "--queue", url);
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
      const run = ["run", "noisyStudy.ts", "--out", "back", "--queue", url, "--json", "--seed", "7", "--set", "levels=[0]", "--set", "stepMs=30"]; // prettier-ignore
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
