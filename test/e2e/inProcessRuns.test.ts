/** What runs, explanations and comparisons answer, without a process for each (`inProcess.ts`). */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { eventsOf, workFolder } from "./command.ts";
import { unspoolHere } from "./inProcess.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const run = (...args: string[]) => unspoolHere(dir, ...args);
const file = "noisyQuadratic.ts";

describe("help and list", () => {
  it("shows what can be set in an experiment", async () => {
    const { code, stdout } = await run("run", file, "--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ {2}estimator +one of "pes", "tbptt", "es" +"pes" +what stands in for a method$/m,
    );
    expect(stdout).toMatch(/^ {2}task\.noise +a number of at least 0 +0\.3$/m);
  });

  it("lists experiments for people and for programs", async () => {
    const [event] = eventsOf(await run("list", "--json"));
    const experiments = event!["experiments"] as { name: string; summary: string }[];
    const { stdout } = await run("list");
    for (const { name, summary } of experiments) {
      expect(stdout).toContain(name);
      expect(stdout).toContain(summary);
    }
  });

  it("lists them by the system that they are of", async () => {
    const [event] = eventsOf(await run("list", "--json"));
    expect((event!["systems"] as unknown[])[10]).toEqual({ number: 11, title: "Lookahead" });
    const studies = event!["studies"] as { name: string; system: number }[];
    expect(studies.find(({ name }) => name === "lookahead-mnist")!.system).toBe(11);
    const { stdout } = await run("list");
    expect(stdout).toMatch(/^11\. Lookahead\n {2}lookahead-quadratic /m);
    expect(stdout).toMatch(/^ {2}lookahead-mnist +study: /m);
  });
});

test(
  "a run names its folder by experiment and time where --out is not given",
  { tags: ["long"] },
  async () => {
    const events = eventsOf(await run("run", file, "--steps", "2", "--json"));
    const folder = events.at(-1)!["run"] as string;
    expect(folder).toMatch(/^runs\/noisy-quadratic-\d{8}-\d{6}$/);
    expect(existsSync(join(dir, folder, "metrics.jsonl"))).toBe(true);
  },
);

describe("an explanation", () => {
  it("shows the kernels of the outer step, its memory and its speed", async () => {
    const { code, stdout, stderr } = await run("explain", "toy-regression", "--set", "pairs=12");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("12 units of 2 members");
    expect(stdout).toMatch(/^Memory$/m);
    expect(stdout).toMatch(/^Step: 10 times a window, \d+ kernels$/m);
    expect(stdout).toMatch(/^speed .* GFLOP\/s, \d+ % of the \d+ measured$/m);
    for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it("is one object for programs", async () => {
    const outcome = await run(
      "explain",
      "toy-regression",
      "--set",
      "estimator=bptt",
      "--portable-bits",
      "--json",
    );
    const [event] = eventsOf(outcome);
    const measured = { nsPerStep: expect.any(Number) as number, shareOfPeak: expect.any(Number) as number };
    expect(event).toMatchObject({
      event: "explain",
      experiment: "toy-regression",
      programs: [{ name: "bptt", units: 1, length: 100, threads: 1, fma: false, measured }],
    });
  });
});

test(
  "the page of a comparison needs nothing else, and names what it measured",
  { tags: ["long"] },
  async () => {
    const { code } = await run(
      "compare",
      "toy-regression",
      "--estimators",
      "pes,bptt",
      "--truncations",
      "10,100",
      "--out",
      "pages/toy.html",
    );
    expect(code).toBe(0);
    const page = readFileSync(join(dir, "pages/toy.html"), "utf8");
    expect(page).not.toMatch(/<script|@import|<link[^>]+stylesheet/i);
    for (const title of [
      "Bias and variance",
      "Error against inner steps spent",
      "Squared bias over truncation",
    ])
      expect(page).toContain(title);
  },
);

interface Progress {
  innerSteps: number;
  seeds: number;
  initialLoss: number;
  measured: { name: string; isSearch: boolean; loss: number; innerSteps: number; losses: number[] }[];
  failed: { name: string; error: string }[];
}

describe("a search among those compared", () => {
  const small = ["--set", "horizon=20", "--set", "pairs=4", "--set", "sigma=1", "--budget", "8000"];
  const compare = (...args: string[]) => run("compare", "toy-regression", ...small, ...args);

  it("has no bias and no variance: all are set beside each other by what they reach with the same inner steps", async () => {
    const args = ["--estimators", "pes,cma", "--truncations", "10", "--out", "pages/searched.html"];
    const outcome = await compare(...args, "--json");
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    const [event] = eventsOf(outcome) as unknown as { estimators: Measured[]; progress: Progress }[];
    const { estimators, progress } = event!;
    expect(estimators.map(({ name }) => name)).toEqual(["pes"]);
    expect(progress).toMatchObject({ innerSteps: 8000, seeds: 3, failed: [] });
    const of = (name: string) => progress.measured.find((one) => one.name === name)!;
    expect([of("pes").isSearch, of("cmaEs").isSearch]).toEqual([false, true]);
    // 100 windows of 10 steps of 4 pairs, 50 generations of 8 whole trajectories.
    expect([of("pes").innerSteps, of("cmaEs").innerSteps]).toEqual([8000, 8000]);
    for (const { loss } of progress.measured) expect(loss).toBeLessThan(progress.initialLoss);
    const page = readFileSync(join(dir, "pages/searched.html"), "utf8");
    for (const text of ["Progress at equal inner steps", "Loss over inner steps spent", "Bias and variance"])
      expect(page).toContain(text);
  });

  it("alone: progress is all there is, in words too", async () => {
    const { code, stdout } = await compare("--estimators", "nelderMead,snes", "--seeds", "2");
    expect(code).toBe(0);
    expect(stdout).toContain(
      "Progress with 8000 inner steps each (mean loss per inner step at the end over 2 seeds",
    );
    expect(stdout).toMatch(/^ *nelderMead +search/m);
    expect(stdout).not.toContain("bias");
  });

  it("as what the config itself names: estimators are trained with the config's learning rate", async () => {
    const own = ["--set", "estimator=snes", "--estimators", "snes,pes", "--seeds", "1", "--json"];
    const [event] = eventsOf(await compare(...own)) as unknown as { progress: Progress }[];
    expect(event!.progress.measured.map(({ name }) => name).toSorted()).toEqual(["pes", "snes"]);
  });
});

test("diagnose prints a command that runs exactly what it recommends: every option is that of the trial", async () => {
  // Deterministic and tame: an estimator with derivatives and one task is recommended, which is not a default.
  writeFileSync(
    join(dir, "tame.ts"),
    'import { defineProblem, np } from "unspool";\n' +
      "export default defineProblem({ name: 'tame', theta: np.array(-1), horizon: 20, init: () => np.array(0.5),\n" +
      "  step: (theta, s) => { const next = s.mul(0.8).add(theta); const miss = next.sub(1); return { state: next, loss: miss.mul(miss) }; } });\n",
  );
  const args = ["--budget", "inner-steps=2000", "--set", "sigma=0.07", "--set", "pairs=3"];
  const outcome = await run("diagnose", "tame.ts", ...args, "--json");
  expect(outcome.code).toBe(0);
  const [event] = eventsOf(outcome) as unknown as {
    command: string;
    recommended: Record<string, unknown>;
    evidence: { trialRuns: { outerSteps: number } };
  }[];
  const { command, recommended, evidence } = event!;
  const words = command.split(" ").slice(1);
  const done = await run(...words, "--out", "recommended");
  expect([done.code, done.stderr.includes("Error")]).toEqual([0, false]);
  const manifest = JSON.parse(readFileSync(join(dir, "recommended", "config.json"), "utf8")) as {
    config: Record<string, unknown>;
    steps: number;
  };
  for (const [name, value] of Object.entries(recommended)) {
    if (value !== null) expect([name, manifest.config[name]]).toEqual([name, value]);
  }
  // What was given to diagnose is passed on.
  expect(manifest.config).toMatchObject({ pairs: 3, sigma: recommended["sigma"] ?? 0.07 });
  expect(recommended["tasks"] ?? 1).toBe(1);
  expect(manifest.steps).toBe(evidence.trialRuns.outerSteps);
});

test(
  "diagnose of what a search moves, where a search wins: its command runs that search, without window and rate",
  { tags: ["long"] },
  async () => {
    writeFileSync(
      join(dir, "distant.ts"),
      'import { defineProblem, np } from "unspool";\n' +
        "export default defineProblem({ name: 'distant', theta: np.array(0), horizon: 4, isDifferentiable: false, init: () => np.array(0),\n" +
        "  step: (theta, s) => { const miss = theta.sub(20); return { state: s, loss: miss.mul(miss) }; } });\n",
    );
    const sets = ["estimator=snes", "sigma=0.5", "pairs=4"].flatMap((one) => ["--set", one]);
    const outcome = await run("diagnose", "distant.ts", ...sets, "--budget", "3200", "--json");
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    const [event] = eventsOf(outcome) as unknown as {
      command: string;
      recommended: Record<string, unknown>;
      evidence: { trialRuns: { trials: { estimator: string }[]; outerSteps: number } };
    }[];
    const { command, recommended, evidence } = event!;
    const tried = evidence.trialRuns.trials.map(({ estimator }) => estimator);
    for (const name of ["nres", "snes", "cmaEs"]) expect(tried).toContain(name);
    expect(recommended["learningRate"]).toBe(null);
    expect(command).not.toMatch(/truncation|learningRate/);
    expect((await run(...command.split(" ").slice(1), "--out", "searched")).code).toBe(0);
    const manifest = JSON.parse(readFileSync(join(dir, "searched", "config.json"), "utf8")) as {
      config: Record<string, unknown>;
      steps: number;
    };
    for (const name of ["estimator", "sigma", "pairs"]) expect(manifest.config[name]).toBe(recommended[name]);
    expect(manifest.steps).toBe(evidence.trialRuns.outerSteps);
  },
);

test(
  "the optimizer of a run is taken apart, in words, as JSON and as a page",
  { tags: ["long"] },
  async () => {
    const small = ["units=3", "horizon=6", "tasks=2", "evaluationTasks=2"].flatMap((one) => ["--set", one]);
    expect((await run("run", "reverse-optimizer", ...small, "--steps", "2", "--out", "learned")).code).toBe(
      0,
    );
    const outcome = await run("analyse", "learned", "--tasks", "3", "--json");
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    const [event, ...rest] = eventsOf(outcome);
    expect(rest).toEqual([]);
    expect(event).toMatchObject({ event: "analyse", experiment: "reverse-optimizer", step: 2 });
    expect((event!["modes"] as unknown[]).length).toBe(3);
    expect((event!["words"] as string[]).length).toBe(5);
    // The sum rule of the modes.
    const { sumOfRates, effectiveLearningRate } = event as unknown as Record<string, number>;
    expect(sumOfRates! / effectiveLearningRate!).toBeCloseTo(1, 6);
    expect(existsSync(join(dir, "learned/analysis.html"))).toBe(true);
  },
);

test("an edited experiment, an edited rounding mode: named and refused, and --force goes on", async () => {
  const source = readFileSync(join(dir, file), "utf8");
  await run("run", file, "--steps", "2", "--out", "edited");
  // Under another name, because a process loads a file once.
  writeFileSync(join(dir, "edited.ts"), source.replace("learningRate: 0.05", "learningRate: 0.06"));
  const goOn = (...args: string[]) => run("resume", "edited", "--experiment", "edited.ts", ...args);
  const refused = await goOn("--steps", "4");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('optimizer.numbers is "0.05 1" in the run and "0.06 1" here');
  const forced = await goOn("--steps", "4", "--force");
  expect([forced.code, forced.stderr]).toEqual([0, expect.stringContaining("going on by force") as string]);

  const path = join(dir, "edited/config.json");
  const config = readFileSync(path, "utf8");
  const { fma } = (JSON.parse(config) as { origin: { fma: boolean } }).origin;
  // The engine's record of the command is what resume sets the engine by.
  writeFileSync(path, config.replace(/("command".*"fma": )(?:true|false)/s, `$1${!fma}`));
  const rounded = await goOn("--steps", "6");
  expect([rounded.code, rounded.stderr]).toEqual([1, expect.stringMatching(/fma|fused/) as string]);
});

interface Measured {
  name: string;
  mean: Record<string, number[]>;
  bias: Record<string, number[]>;
  variance: number;
}

test("compare bilevel-bias measures hypergradients by name beside estimators of the registry", async () => {
  const args = ["--estimators", "bptt,neumann 5,exact", "--truncations", "4", "--budget", "inner-steps=2000"];
  const outcome = await run("compare", "bilevel-bias", ...args, "--json");
  expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
  const { estimators } = eventsOf(outcome)[0] as unknown as { estimators: Measured[] };
  expect(estimators.map(({ name }) => name)).toEqual(["bptt", "exact", "neumann 5"]);
  // The heights alone are what gradients are of, not the weights beside them.
  expect(Object.keys(estimators[0]!.mean)).toEqual(["theta"]);
  const bias = estimators.map((one) => Math.hypot(...one.bias["theta"]!));
  expect(bias[0]).toBeLessThan(1e-12);
  expect(bias[2]).toBeGreaterThan(bias[1]!);
  expect(estimators.map(({ variance }) => variance)).toEqual([0, 0, 0]);
});
