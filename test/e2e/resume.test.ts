/** A run that was stopped in any way goes on to the bits of a run that was never stopped. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
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
}

const [list] = eventsOf(await unspool(dir, "list", "--json"));
const named = (list!["experiments"] as { name: string }[]).map(({ name }) => name);
const subjects: Subject[] = [
  {
    name: "a file",
    args: ["noisyQuadratic.ts", "--set", "stepMs=3"],
    own: ["--experiment", "noisyQuadratic.ts"],
    steps: 120,
  },
  ...(named.includes("influence-balancing")
    ? [
        {
          name: "influence-balancing",
          args: ["influence-balancing", "--set", "pairs=5"],
          own: [],
          steps: 120,
        },
      ]
    : []),
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

describe.each(subjects)("$name", ({ name, args, own, steps }) => {
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

  it.each([1, 2, 3])("ends with the same bits after kill -9 at a random step (%i)", async (round) => {
    const expected = results(whole.at(-1)!);
    const run = folder(`killed-${round}`);
    const killAt = 1 + Math.floor(Math.random() * (steps - 2));
    const { outcome } = start(
      dir,
      ["run", ...args, ...count, "--out", run, ...often],
      ({ event, step }, child) => {
        if (event === "step" && step === killAt) child.kill("SIGKILL");
      },
    );
    expect((await outcome).signal).toBe("SIGKILL");
    const resumed = await unspool(dir, "resume", run, ...own, ...often);
    expect({ killAt, code: resumed.code, stderr: resumed.stderr }).toEqual({ killAt, code: 0, stderr: "" });
    expect({ killAt, ...results(eventsOf(resumed).at(-1)!) }).toEqual({ killAt, ...expected });
    expect(metricsOf(run)).toEqual(metricsOf(folder("whole")));
  });

  it("stops at Ctrl-C with code 130, says how to go on, and goes on to the same bits", async () => {
    const expected = results(whole.at(-1)!);
    const run = folder("interrupted");
    const { outcome } = start(
      dir,
      ["run", ...args, ...count, "--out", run, ...often],
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
    expect(results(eventsOf(resumed).at(-1)!)).toEqual(expected);
    expect(statusOf(run)).toBe("done");
  });

  it("goes on past its end when more steps are asked for", async () => {
    const expected = results(whole.at(-1)!);
    const run = folder("longer");
    await runWhole(run, ["--steps", "20"]);
    const resumed = await unspool(dir, "resume", run, ...own, ...count, "--json");
    expect(results(eventsOf(resumed).at(-1)!)).toEqual(expected);
  });

  it("warns of a damaged checkpoint, uses the one before and ends with the same bits", async () => {
    const expected = results(whole.at(-1)!);
    const run = folder("damaged");
    await runWhole(run);
    flipOneByte(run, 0);
    const resumed = await unspool(dir, "resume", run, ...own, "--json");
    const events = eventsOf(resumed);
    expect(resumed.code).toBe(0);
    expect(events[0]).toMatchObject({
      event: "warning",
      message: expect.stringContaining("damaged") as string,
    });
    expect(results(events.at(-1)!)).toEqual(expected);
  });

  it("fails with code 1 when every checkpoint is damaged", async () => {
    const run = folder("ruined");
    await runWhole(run);
    flipOneByte(run, 0);
    flipOneByte(run, 1);
    const resumed = await unspool(dir, "resume", run, ...own, "--json");
    expect(resumed.code).toBe(1);
    expect(eventsOf(resumed)).toMatchObject([{ event: "error", code: "RESUME" }]);
  });
});

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

describe("resume", () => {
  it("runs a file only if it is named, says what to type, and works from another folder", async () => {
    const source = readFileSync(join(dir, "noisyQuadratic.ts"), "utf8");
    const mark = join(dir, "code-of-the-folder-ran");
    const code = `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n`;
    writeFileSync(join(dir, "moved.ts"), source);
    await unspool(dir, "run", "moved.ts", "--steps", "3", "--out", "moved");
    // Someone else's folder: its config.json names a file.
    writeFileSync(join(dir, "theirs.ts"), code + source);
    writeFileSync(join(dir, "moved/config.json"), withFile("moved", join(dir, "theirs.ts")));
    for (const command of ["resume", "analyse"]) {
      const refused = await unspool(dir, command, "moved");
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(`unspool ${command} moved --experiment ${join(dir, "theirs.ts")}`);
    }
    expect((await unspool(dir, "report", "moved")).code).toBe(0);
    expect(existsSync(mark)).toBe(false);
    const again = ["resume", "../moved", "--experiment", "../moved.ts", "--steps", "5", "--json"];
    const resumed = await unspool(join(dir, "moved"), ...again);
    expect(eventsOf(resumed).at(-1)).toMatchObject({ event: "done", steps: 5 });
  });

  it("never takes a stored name for a path", async () => {
    await unspool(dir, "run", "noisyQuadratic.ts", "--steps", "2", "--out", "named");
    const path = join(dir, "named/config.json");
    const { command, ...manifest } = JSON.parse(readFileSync(path, "utf8")) as { command: { file: string } };
    const { file, ...engine } = command;
    writeFileSync(path, JSON.stringify({ ...manifest, experiment: file, command: engine }));
    const refused = await unspool(dir, "resume", "named");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("does not come with Unspool"),
    ]);
  });
});

/** Flips the lowest bit of the middle byte of the n-th newest checkpoint. */
function flipOneByte(run: string, n: number): void {
  const folder = join(dir, run, "checkpoints");
  const name = readdirSync(folder)
    .filter((file) => file.endsWith(".safetensors"))
    .toSorted()
    .at(-1 - n)!;
  const bytes = readFileSync(join(folder, name));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(join(folder, name), bytes);
}

function withFile(run: string, file: string): string {
  const manifest = JSON.parse(readFileSync(join(dir, run, "config.json"), "utf8")) as {
    command: { file: string };
  };
  return JSON.stringify({ ...manifest, command: { ...manifest.command, file } });
}
