/**
 * Twelve cells on two workers that are killed again and again, with their coordinator and their Redis: every cell ends in
 * the bits of the undisturbed run, none is lost, none is counted twice. The same of a run whose units workers compute.
 * `UNSPOOL_ATTACK_KILLS` says how many workers are killed: 40 by default, half as many for each run.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RedisServer,
  hasRedisServer,
  redisServer,
} from "../../packages/workers/src/testing/redisServer.ts";
import { unspool, workFolder } from "../e2e/command.ts";
import { lastCheckpoint, loggedSteps, underAttack } from "./machines.ts";

const kills = Number(process.env["UNSPOOL_ATTACK_KILLS"] ?? 40);
const levels = Array.from({ length: 11 }, (_, i) => i / 10);
const settings = ["--set", `levels=${JSON.stringify(levels)}`, "--set", "stepMs=500"];

const canRun = hasRedisServer();
const { dir, remove } = workFolder();
let server: RedisServer;
beforeAll(async () => {
  if (canRun) server = await redisServer();
});
afterAll(async () => {
  await server?.stop();
  remove();
});

describe.runIf(canRun)("kills of workers, coordinator and Redis", () => {
  test("a study through a queue", async () => {
    const alone = unspool(dir, "run", "noisyStudy.ts", "--out", "alone", "--jobs", "2", ...settings);
    expect((await alone).code).toBe(0);
    const killed = await underAttack({
      ...{ dir, server, kills, between: [1500, 4500], out: "queued" },
      begin: ["run", "noisyStudy.ts", "--out", "queued", ...settings],
      resume: ["resume", "queued", "--experiment", "noisyStudy.ts"],
    });
    expect(killed.workers).toBeGreaterThan(kills / 2);
    expect(killed.restarts).toBeGreaterThan(0);
    const cell = (out: string, id: string): string => join(dir, out, "cells", id);
    const ids = readdirSync(join(dir, "alone", "cells"));
    expect(readdirSync(join(dir, "queued", "cells"))).toEqual(ids);
    expect(ids.length).toBe(12);
    for (const id of ids) {
      const isSame = lastCheckpoint(cell("queued", id)) === lastCheckpoint(cell("alone", id));
      expect(isSame, `the last checkpoint of ${id}`).toBe(true);
      expect(loggedSteps(cell("queued", id))).toEqual(loggedSteps(cell("alone", id)));
    }
    const [one, other] = ["alone", "queued"].map((out) =>
      readFileSync(join(dir, out, "summary.json"), "utf8"),
    );
    expect(other).toBe(one);
  });

  test.each([
    ["toy-regression", ["--steps", "6000"]],
    ["mnist-schedule", ["--steps", "150", "--set", "pairs=8"]],
    ["pes-variance", []],
  ])("units of %s", async (name, more) => {
    const [alone, out] = [`${name}-alone`, `${name}-shared`];
    expect((await unspool(dir, "run", name, ...more, "--out", alone)).code).toBe(0);
    const killed = await underAttack({
      ...{ dir, server, kills: Math.ceil(kills / 2), between: [1500, 4500], out },
      begin: ["run", name, ...more, "--out", out, "--shards", "2"],
      resume: ["resume", out, "--shards", "2"],
    });
    expect(killed.workers).toBeGreaterThan(2);
    const isSame = lastCheckpoint(join(dir, out)) === lastCheckpoint(join(dir, alone));
    expect(isSame, "the last checkpoint").toBe(true);
    expect(loggedSteps(join(dir, out))).toEqual(loggedSteps(join(dir, alone)));
  });
});
