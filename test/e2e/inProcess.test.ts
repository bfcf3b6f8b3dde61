/** What the command answers where it does not matter that it is a process of its own: mistakes, and how runs end. */
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { writeFixtures } from "../robustness/fixtures.ts";
import { type JsonEvent, eventsOf, workFolder } from "./command.ts";
import { unspoolHere } from "./inProcess.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const run = (...args: string[]) => unspoolHere(dir, ...args);
const file = "noisyQuadratic.ts";

describe("help", () => {
  it.each(["resume", "report", "list", "compare", "diagnose", "analyse", "explain"])(
    "comes from %s",
    async (name) => {
      const { code, stdout, stderr } = await run(name, "-h");
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("Usage: unspool");
    },
  );
});

describe("mistakes in the command or the config", () => {
  it.each([
    [["runn", file], "Did you mean run?"],
    [["run", file, "--stesp", "3"], "Did you mean --steps?"],
    [["run", file, "--steps", "many"], "--steps must be an integer"],
    [["run", file, "--set", "task.nois=1"], "Did you mean task.noise?"],
    [["run", file, "--set", "task.nois=1"], "Paths are estimator, task, task.noise, task.size, stepMs"],
    [["run", file, "--set", "estimator=tbpt"], "Did you mean tbptt?"],
    [["run", file, "--set", "task.noise=-1"], "task.noise: must be a number of at least 0, got -1."],
    [["compare", "toy-regression", "--estimators", "pes,sness"], 'Did you mean "snes"?'],
    [
      ["run", "copy-task", "--set", "estimator=snes"],
      "and not a search, because strings grow longer on the way",
    ],
    [
      ["run", "learned-optimizer", "--set", "estimator=cma"],
      "and not a search, because each step averages gradients over tasks",
    ],
    [
      ["run", "toy-regression", "--set", "estimator=cmaEs", "--set", "learningRate=0.1"],
      "learningRate: must be left out beside the search cmaEs, which has no optimizer, got 0.1.",
    ],
    [
      ["run", "toy-regression", "--set", "estimator=cmaEs", "--set", "truncation=5"],
      "truncation: must be left out beside the search cmaEs, which takes whole trajectories",
    ],
    [["run", "nothing.ts"], "there is no such file"],
    [["run", "no-such-experiment"], "there is no experiment"],
    [["resume", "nowhere"], "there is no such folder"],
    [["report", "."], "it holds no run"],
    [
      ["resume", file],
      "it is a file, and not the folder of a run. Give the folder that `unspool run` named.",
    ],
    [["report", file], "it is a file, and not the folder of a run"],
  ])("%j ends with code 2", async (args, message) => {
    const { code, stderr, stdout } = await run(...args);
    expect(stderr).toContain(message);
    expect(stdout.replace(/^preparing .*\n/, "")).toBe("");
    expect(code).toBe(2);
    const [event, ...rest] = eventsOf(await run(...args, "--json"));
    expect(rest).toEqual([]);
    expect(event).toMatchObject({ event: "error", code: expect.stringMatching(/^[A-Z]+$/) as string });
    expect(event!["message"]).toContain(message);
  });

  it("refuses a folder that holds a run, before anything else is done", async () => {
    await run("run", file, "--steps", "1", "--out", "taken");
    const args = ["run", file, "--steps", "1", "--out", "taken", "--set", "setupMs=60000"];
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(`unspool resume taken --experiment ${file}\``);
    const inside = await run("report", "taken/config.json");
    expect(inside.stderr).toContain("Give the folder that it is in: taken");
  });

  it.each([
    ["syntax.ts", "export default {", "could not be loaded"],
    ["throws.ts", "\n\nthrow new Error('at load');", "throws.ts:3:"],
    [
      "none.ts",
      "export const x = 1;",
      "the default export is neither a problem nor an experiment nor a study: there is none",
    ],
    ["half.ts", "export default { name: 'x', config: { parse: () => ({}) } };", "it has no setup function"],
  ])("refuses %s", async (name, text, message) => {
    writeFileSync(join(dir, name), text);
    const { code, stderr } = await run("run", name);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

test("an experiment is compared on the problem that its estimator was made of, without saying so", async () => {
  writeFileSync(
    join(dir, "made.ts"),
    `import { defineExperiment, defineProblem, np, pes, sgd } from "unspool";
const decay = defineProblem({
  horizon: 4,
  init: () => np.ones([1]),
  step: (rate, x) => ({ state: x.mul(rate), loss: x.mul(rate).sum() }),
});
export default defineExperiment({
  name: "made", summary: "none", config: { parse: () => ({}) },
  setup: () => ({ theta: np.array([0.8]), estimator: pes(decay, { truncation: 2 }), optimizer: sgd(), steps: 3 }),
});
`,
  );
  const outcome = await run(
    ...["compare", "made.ts", "--estimators", "rtrl", "--budget", "inner-steps=40", "--json"],
  );
  expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
  const { estimators } = eventsOf(outcome).at(-1) as unknown as {
    estimators: { truncation: number; variances: object }[];
  };
  expect(estimators.map(({ truncation }) => truncation)).toEqual([2]);
  expect(estimators[0]!.variances).toEqual({ theta: [0] });
});

describe("what cannot be compared, diagnosed or taken apart", () => {
  beforeAll(() =>
    writeFileSync(
      join(dir, "noTheta.ts"),
      'import { defineProblem, np } from "unspool";\nexport default defineProblem({ horizon: 2, init: () => np.array(0), step: (theta, s) => ({ state: s, loss: s }) });\n',
    ),
  );

  test.each([
    [["compare", "lookahead-quadratic"], "its setup does not say what its inner problem is"],
    [["diagnose", "lookahead-quadratic"], "its setup does not say what its inner problem is"],
    [["compare", "noTheta.ts"], "has no theta to start from"],
    [["compare", "toy-regression", "--budget", "seconds=3"], "--budget must be inner-steps=N"],
    [["compare", "toy-regression", "--truncations", "10,x"], "--truncations must be integers"],
    [["compare", "toy-regression", "--reference", "best"], "--reference must be auto or bptt or fullEs"],
    [["diagnose", "toy-regresion"], "Did you mean toy-regression"],
  ])("%j is told in one line, with exit code 2", async (args, text) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("a run that trained something else is refused by analyse with what to do", async () => {
    expect((await run("run", file, "--steps", "2", "--out", "other")).code).toBe(0);
    const { code, stderr } = await run("analyse", "other", "--experiment", file);
    expect(code).not.toBe(0);
    expect(stderr).toContain("does not train a componentwise learned optimizer");
    expect((await run("analyse", "nowhere")).stderr).toContain("there is no such folder");
  });
});

describe("a study", () => {
  const startsIn = (events: readonly JsonEvent[]): unknown[] =>
    events.filter(({ event }) => event === "start").map(({ cell }) => cell);
  const resume = (out: string) => run("resume", out, "--experiment", "noisyStudy.ts", "--json");
  const study = (out: string, ...more: string[]) => ["run", "noisyStudy.ts", "--out", out, "--json", ...more];
  beforeAll(async () => {
    expect((await run(...study("whole"))).code).toBe(0);
  });

  it.each([
    ["a folder that holds a study", study("whole"), "unspool resume whole --experiment noisyStudy.ts`"],
    ["a run into it", ["run", file, "--out", "whole"], "already holds a run"],
    ["--steps", study("never", "--steps", "3"), "--steps is of a run"],
    ["--jobs of a run", ["run", file, "--jobs", "2"], "--jobs is of a study"],
    [
      "a cell alone",
      ["resume", "whole/cells/noise-1", "--experiment", "noisyStudy.ts"],
      "unspool resume whole --experiment noisyStudy.ts --cell noise-1",
    ],
    ["a study without its file", ["resume", "whole"], "its study is a file"],
    ["another file", ["resume", "whole", "--experiment", file], "holds a study"],
    ["a look into a study", ["diagnose", "neuron-descent"], "Name one of its experiments: neuron-training"],
    ["two studies in one report", ["report", "whole", "whole"], "whose report stands alone"],
  ])("%s is refused in words", async (_, args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(words);
    expect(existsSync(join(dir, "never"))).toBe(false);
  });

  it("the report of one of its cells is drawn", async () => {
    const { code, stderr } = await run("report", "whole/cells/noise-1");
    expect([stderr, code]).toEqual(["", 0]);
  });

  it("says which cell failed, which cannot run after it, and that no resume helps", async () => {
    // The squares of such noise are infinite in float32.
    const failed = "noise-100000000000000000000";
    const levels = ["--set", "levels=[1e20,0.3]"];
    const told = await run(...study("failing", ...levels).filter((word) => word !== "--json"));
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("done 1 of 3 cells, 1 failed, 1 cannot run");
    expect(told.stdout).toMatch(
      new RegExp(`^${failed} failed: outer step \\d of .*the loss is Infinity`, "m"),
    );
    expect(told.stdout).toContain(`after cannot run: it comes after ${failed}`);
    expect(told.stdout).toContain("unspool run noisyStudy.ts --set KEY=VALUE --seed N");
    expect(told.stdout).not.toContain("Continue with");
    expect(readFileSync(join(dir, "failing/report.html"), "utf8")).toContain(
      "cannot run: it comes after noise-",
    );
    const again = await resume("failing");
    expect([again.code, startsIn(eventsOf(again))]).toEqual([1, []]);
    const blocked = [{ id: "after", failed: [failed] }];
    expect(eventsOf(again).at(-1)).toMatchObject({
      event: "study-done",
      ended: 2,
      cells: 3,
      blocked,
      resume: null,
    });
  });

  it("a study.json of a later version is not read as one of this", async () => {
    const path = join(dir, "whole/study.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace("unspool-study-1", "unspool-study-9"));
    const { code, stdout } = await resume("whole");
    writeFileSync(path, text);
    expect(code).toBe(1);
    expect(stdout).toContain("unspool-study-9");
    expect(stdout).toContain("by the version of Unspool that wrote it");
  });
});

describe("what a run ends with", () => {
  beforeAll(() => writeFixtures(dir));

  test("a mistake of the experiment is an event for programs", async () => {
    const outcome = await run("run", file, "--set", "failAt=5", "--out", "failed", "--json");
    expect(eventsOf(outcome).at(-1)).toMatchObject({
      event: "error",
      code: "EXPERIMENT",
      message: expect.stringMatching(
        /^outer step 5 of "noisy-quadratic": estimator "noisy": its estimate threw TypeError: the user's mistake\. .*unspool resume failed --experiment noisyQuadratic\.ts --force goes on/,
      ) as string,
    });
  });

  test("tensors that evaluate returns are numbers", async () => {
    const outcome = await run("run", "tensorEvaluation.ts", "--out", "tensors", "--json");
    expect(eventsOf(outcome).at(-1)).toMatchObject({ event: "done", evaluation: { two: 2, sum: 3 } });
  });

  test("whatever evaluate throws, theta is told and the run can be reported", async () => {
    const outcome = await run("run", "throwingEvaluation.ts", "--out", "thrown", "--json");
    const theta = { weights: expect.any(Array) as number[] };
    expect(outcome.code).toBe(1);
    expect(eventsOf(outcome).at(-1)).toMatchObject({
      event: "error",
      code: "EVALUATION",
      details: { theta },
    });
    expect((await run("report", "thrown")).code).toBe(0);
  });
});

test("an explanation says so where an outer step compiles nothing", async () => {
  expect((await run("explain", file)).stdout).toContain("its outer step compiles no program");
});

describe("a config", () => {
  it("is parsed once, with --steps in it", async () => {
    const path = join(dir, "calls.txt");
    rmSync(path, { force: true });
    const args = ["run", "counted.ts", "--json", "--out", "steps", "--steps", "3", "--set", "rate=0.2"];
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, ""]);
    // What is kept is read once more, to see that the run can go on.
    const once = ["parse", "setup", "init", "parse"];
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toEqual(once);
  });

  it("that was edited in the folder of its run is told by the path in the file", async () => {
    const path = join(dir, "steps/config.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { config: object };
    writeFileSync(path, JSON.stringify({ ...manifest, config: { rate: "fast", steps: 3 } }));
    const { code, stderr } = await run("resume", "steps", "--experiment", "counted.ts");
    expect(code).toBe(2);
    expect(stderr).toContain('steps/config.json: rate: must be a number, got "fast".');
  });
});

describe("resume", () => {
  it("runs a file only if it is named, says what to type, and works from another folder", async () => {
    const source = readFileSync(join(dir, "noisyQuadratic.ts"), "utf8");
    const mark = join(dir, "code-of-the-folder-ran");
    const code = `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n`;
    writeFileSync(join(dir, "moved.ts"), source);
    await unspoolHere(dir, "run", "moved.ts", "--steps", "3", "--out", "moved");
    // Someone else's folder: its config.json names a file.
    writeFileSync(join(dir, "theirs.ts"), code + source);
    writeFileSync(join(dir, "moved/config.json"), withFile("moved", join(dir, "theirs.ts")));
    for (const command of ["resume", "analyse"]) {
      const refused = await unspoolHere(dir, command, "moved");
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(`unspool ${command} moved --experiment ${join(dir, "theirs.ts")}`);
    }
    expect((await unspoolHere(dir, "report", "moved")).code).toBe(0);
    expect(existsSync(mark)).toBe(false);
    const again = ["resume", "../moved", "--experiment", "../moved.ts", "--steps", "5", "--json"];
    const resumed = await unspoolHere(join(dir, "moved"), ...again);
    expect(eventsOf(resumed).at(-1)).toMatchObject({ event: "done", steps: 5 });
  });

  it("never takes a stored name for a path", async () => {
    await unspoolHere(dir, "run", "noisyQuadratic.ts", "--steps", "2", "--out", "named");
    const path = join(dir, "named/config.json");
    const { command, ...manifest } = JSON.parse(readFileSync(path, "utf8")) as { command: { file: string } };
    const { file, ...engine } = command;
    writeFileSync(path, JSON.stringify({ ...manifest, experiment: file, command: engine }));
    const refused = await unspoolHere(dir, "resume", "named");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("does not come with Unspool"),
    ]);
  });
});

describe.each([
  ["a file", [file, "--set", "stepMs=3"], ["--experiment", file]],
  ["influence-balancing", ["influence-balancing", "--set", "pairs=5"], []],
])("damage to a run of %s", (name, args, own) => {
  const folder = (what: string) => `${name.replaceAll(" ", "-")}-${what}`;
  const results = ({ theta, loss, evaluation, steps }: JsonEvent) => ({ theta, loss, evaluation, steps });
  let expected: unknown;
  beforeAll(async () => {
    const more = ["--steps", "120", "--checkpoint-every", "0.02", "--json", "--out", folder("whole")];
    const outcome = await run("run", ...args, ...more);
    expect([outcome.stderr, outcome.code]).toEqual(["", 0]);
    expected = results(eventsOf(outcome).at(-1)!);
  });
  const damaged = (what: string, ...newest: number[]): string => {
    cpSync(join(dir, folder("whole")), join(dir, folder(what)), { recursive: true });
    for (const n of newest) flipOneByte(folder(what), n);
    return folder(what);
  };

  it("to its last checkpoint: warns, uses the one before and ends with the same bits", async () => {
    const resumed = await run("resume", damaged("damaged", 0), ...own, "--json");
    const events = eventsOf(resumed);
    expect(resumed.code).toBe(0);
    expect(events[0]).toMatchObject({
      event: "warning",
      message: expect.stringContaining("damaged") as string,
    });
    expect(results(events.at(-1)!)).toEqual(expected);
  });

  it("to every checkpoint: fails with code 1", async () => {
    const resumed = await run("resume", damaged("ruined", 0, 1), ...own, "--json");
    expect(resumed.code).toBe(1);
    expect(eventsOf(resumed)).toMatchObject([{ event: "error", code: "RESUME" }]);
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
