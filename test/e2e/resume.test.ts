/**
 * A run that was stopped in any way goes on to the bits of a run that was never stopped. After damage to its files:
 * `inProcess.test.ts`.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JsonEvent, eventsOf, start, unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
afterAll(remove);

interface Subject {
  name: string;
  args: string[];
  /** What `resume` needs to be told: a file runs only if it is named. */
  own: string[];
  steps: number;
  /** How often a run is killed: as itself, then as each resume. */
  kills: number;
}

/** All kills of all subjects only by `npm run test:robustness`. */
const isLong = Boolean(process.env["UNSPOOL_LONG_TESTS"]);

const subjects: Subject[] = [
  {
    name: "a file",
    args: ["noisyQuadratic.ts", "--set", "stepMs=3"],
    own: ["--experiment", "noisyQuadratic.ts"],
    steps: 120,
    kills: isLong ? 3 : 1,
  },
  {
    name: "influence-balancing",
    args: ["influence-balancing", "--set", "pairs=5"],
    own: [],
    steps: 120,
    kills: isLong ? 3 : 1,
  },
];

/** Often enough that a kill falls between, before and into checkpoints. */
const often = ["--checkpoint-every", "0.02", "--json"];

const results = ({ theta, loss, evaluation, steps }: JsonEvent) => ({ theta, loss, evaluation, steps });

/** Everything in the metrics but the wall time, and the check of the line that holds it. */
function metricsOf(run: string): unknown[] {
  const lines = readFileSync(join(dir, run, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => ({ ...(JSON.parse(line) as JsonEvent), durationMs: 0, crc: "" }));
}

function statusOf(run: string): unknown {
  return (JSON.parse(readFileSync(join(dir, run, "config.json"), "utf8")) as { status: string }).status;
}

describe.each(isLong ? subjects : subjects.slice(0, 1))(
  "$name",
  ({ name, args, own, steps, kills: times }) => {
    const folder = (what: string) => `${name.replaceAll(" ", "-")}-${what}`;
    const count = ["--steps", String(steps)];
    /** A run that is never stopped, in a folder of its own. */
    const runWhole = async (run: string, howLong: string[] = count): Promise<JsonEvent[]> => {
      const outcome = await unspool(dir, "run", ...args, ...howLong, "--out", run, ...often);
      const events = eventsOf(outcome);
      expect([events.at(-1)?.event, outcome.stderr, outcome.code]).toEqual(["done", "", 0]);
      return events;
    };
    let whole: JsonEvent[] = [];
    beforeAll(async () => {
      whole = await runWhole(folder("whole"));
    });

    it("ends with the same bits after a kill -9 at a random step of run, and of resumes", async () => {
      const run = folder("killed");
      const commands = [
        ["run", ...args, ...count, "--out", run],
        ["resume", run, ...own],
        ["resume", run, ...own],
      ].slice(0, times);
      // One in each part. What has run on for longer, before it could be killed, is killed at the next thing that it tells.
      const kills = commands.map(
        (_, i) => Math.floor(((i + Math.random()) * (steps - 2)) / commands.length) + 1,
      );
      for (const [i, command] of commands.entries()) {
        const { outcome } = start(dir, [...command, ...often], ({ event, step }, child) => {
          const isDue = event === "step" ? (step as number) >= kills[i]! : event === "evaluate";
          if (isDue) child.kill("SIGKILL");
        });
        expect({ kills, i, signal: (await outcome).signal }).toEqual({ kills, i, signal: "SIGKILL" });
      }
      const resumed = await unspool(dir, "resume", run, ...own, ...often);
      expect({ kills, code: resumed.code, stderr: resumed.stderr }).toEqual({ kills, code: 0, stderr: "" });
      expect({ kills, ...results(eventsOf(resumed).at(-1)!) }).toEqual({ kills, ...results(whole.at(-1)!) });
      expect(metricsOf(run)).toEqual(metricsOf(folder("whole")));
    });

    describe("a run of 20 steps", () => {
      const run = folder("interrupted");

      it(
        "stops at Ctrl-C with code 130, says how to go on, and goes on to its end",
        { tags: ["long"] },
        async () => {
          const { outcome } = start(
            dir,
            ["run", ...args, "--steps", "20", "--out", run, ...often],
            ({ event, step }, child) => {
              if (event === "step" && step === 7) child.kill("SIGINT");
            },
          );
          const stopped = await outcome;
          expect(stopped.code).toBe(130);
          expect(eventsOf(stopped).at(-1)).toMatchObject({
            event: "interrupted",
            run,
            resume: ["unspool resume", run, ...own].join(" "),
          });
          expect(statusOf(run)).toBe("interrupted");
          const resumed = await unspool(dir, "resume", run, ...own, "--json");
          expect(eventsOf(resumed).at(-1)).toMatchObject({ event: "done", steps: 20 });
          expect(statusOf(run)).toBe("done");
        },
      );

      it(
        "goes on past its end when more steps are asked for, to the same bits",
        { tags: ["long"] },
        async () => {
          const resumed = await unspool(dir, "resume", run, ...own, ...count, "--json");
          expect(results(eventsOf(resumed).at(-1)!)).toEqual(results(whole.at(-1)!));
          expect(metricsOf(run)).toEqual(metricsOf(folder("whole")));
          expect(statusOf(run)).toBe("done");
        },
      );
    });
  },
);

describe("Ctrl-C", () => {
  it("a second time ends at once, also in a slow step", async () => {
    const args = ["run", "noisyQuadratic.ts", "--set", "stepMs=120000", "--out", "twice", "--json"];
    const { child, outcome } = start(dir, args, ({ event }, running) => {
      if (event === "checkpoint") running.kill("SIGINT");
    });
    child.stderr!.once("data", () => child.kill("SIGINT"));
    const { code, stderr } = await outcome;
    expect(stderr).toContain("Once more to end at once");
    expect(code).toBe(130);
  });

  it("while the experiment prepares leaves no folder", async () => {
    const args = ["run", "noisyQuadratic.ts", "--set", "setupMs=120000", "--out", "prepared"];
    const { child, outcome } = start(dir, args);
    child.stderr!.once("data", () => child.kill("SIGINT"));
    expect((await outcome).code).toBe(130);
    expect(readdirSync(dir)).not.toContain("prepared");
  });

  it("tells a person how to go on", async () => {
    const args = ["run", "noisyQuadratic.ts", "--set", "stepMs=20", "--out", "person"];
    const { child, outcome } = start(dir, args);
    child.stdout!.on("data", (text: string) => text.includes("step 1/60") && child.kill("SIGINT"));
    const { code, stdout } = await outcome;
    expect(code).toBe(130);
    expect(stdout).toContain("Continue with: unspool resume person --experiment noisyQuadratic.ts");
  });
});
