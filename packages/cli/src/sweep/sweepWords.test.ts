/** The words of `unspool sweep`: seeds, values and ranges, and what is said of those that are none. */
import type { Experiment } from "unspool/train";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseCommandLine } from "../commandLine/parse.ts";
import { schemaTree } from "../config/schemaTree.ts";
import { UsageError } from "../failure.ts";
import { drawValue, parseChoices } from "./choices.ts";
import { planOf } from "./plan.ts";
import { parseSeeds } from "./seeds.ts";

const config = z.object({
  rate: z.number().positive().default(0.1),
  estimator: z.enum(["pes", "nres"]).default("pes"),
  layers: z.array(z.int()).default([8, 8]),
  name: z.string().default("x"),
  steps: z.int().min(1).default(10),
  task: z.object({ noise: z.number().max(1).default(0), size: z.int().default(2) }).prefault({}),
});
const experiment = {
  name: "own",
  summary: "",
  config,
  setup: () => expect.unreachable(),
} as unknown as Experiment;

const planFrom = async (...words: string[]) =>
  planOf(
    await parseCommandLine([
      "sweep",
      "own",
      ...words.flatMap((word) => (word.startsWith("-") ? word.split(" ") : ["--set", word])),
    ]),
    experiment,
  );

describe("seeds", () => {
  test.each([
    ["0..4", [0, 1, 2, 3, 4]],
    ["0,3,7", [0, 3, 7]],
    ["5", [5]],
    ["7, 0..2", [7, 0, 1, 2]],
    ["4294967295", [4294967295]],
  ])("%s", (text, seeds) => expect(parseSeeds(text)).toEqual(seeds));

  test.each([
    ["4..0", "has the range 4..0, which runs backwards: 0..4"],
    ["", "must be integers"],
    ["0..", "must be integers"],
    ["-1", "must be integers"],
    ["1.5", "must be integers"],
    ["0,0..2", "has 0 twice"],
    ["4294967296", "must be below 2^32"],
    ["0..1e9", "must be integers"],
    ["0..1000000000", "may be 10000 at most"],
  ])("%j is refused", (text, words) => {
    expect(() => parseSeeds(text)).toThrow(UsageError);
    expect(() => parseSeeds(text)).toThrow(words);
  });
});

describe("values", () => {
  const read = async (...given: string[]) =>
    (await parseChoices(schemaTree(config), given)).map(({ values }) => values);

  test.each([
    ["rate=0.01,1e-1, .5", ["0.01", "0.1", "0.5"]],
    ["estimator=pes,nres", ["pes", "nres"]],
    ["layers=[32,16],[64]", ["[32,16]", "[64]"]],
    ["layers=32", ["32"]],
    ["layers=[32,16]", ["[32,16]"]],
    ['name="a,b",c', ['"a,b"', "c"]],
    ["task.noise=0,0.5", ["0", "0.5"]],
    ["layers.1=3,4", ["3", "4"]],
    ["layers.2=3,4", ["3", "4"]],
  ])("%s", async (given, values) => expect(await read(given)).toEqual([values]));

  test.each([
    [["rate="], "--set rate has no value"],
    [["rate=1,,2"], "--set rate has an empty value"],
    [["rate=1,1.0"], "--set rate has 1.0 twice"],
    [["rate=1", "rate=2"], "--set rate is given twice"],
    [["layers=32,16"], "Write lists in brackets: layers=[32,16] is one value, layers=[32],[16] are 2."],
    [["layers=[32,16"], "has a bracket or quotes that are not closed"],
    [["rat=1,2"], 'the config has no "rat". Did you mean rate?'],
    [["rate=log(1,0.1)"], "needs two numbers above 0 in log(LEAST,GREATEST), the smaller one first"],
    [["rate=log(0,1)"], "needs two numbers above 0"],
    [["rate=int(1,2.5)"], "needs two integers"],
    [["rate=uniform(,1)"], "needs two numbers in uniform"],
    [["rate=0.5,log(1,2)"], "has values beside a range"],
    [["rate"], "--set needs PATH=VALUE"],
  ])("%j is refused", async (given, words) => {
    await expect(read(...given)).rejects.toThrow(UsageError);
    await expect(read(...given)).rejects.toThrow(words);
  });
});

describe("a plan", () => {
  test("has all combinations, the config of each as run would make it, and what is set in all", async () => {
    const { plan } = await planFrom(
      "rate=0.1,1",
      "task.noise=0.5",
      "estimator=pes,nres",
      "--seeds 0..1",
      "--steps 7",
    );
    expect(plan).toMatchObject({
      ...{ experiment: "own", fields: ["rate", "estimator"], fixed: ["task.noise=0.5"] },
      ...{ seeds: [0, 1], steps: 7, by: "loss", isMaximised: false },
    });
    expect(plan.settings.map(({ values }) => values.join(" "))).toEqual([
      ...["0.1 pes", "0.1 nres", "1 pes", "1 nres"],
    ]);
    expect(plan.settings[1]!.config).toEqual({ rate: 0.1, task: { noise: 0.5 }, estimator: "nres" });
  });

  test("without values is one setting and its seeds", async () => {
    const { plan } = await planFrom();
    expect(plan).toMatchObject({ fields: [], settings: [{ values: [], config: {} }], seeds: [0, 1, 2] });
  });

  test("of trials draws the same for any number of them, within the range, evenly in the logarithm", async () => {
    const ranges = ["rate=log(1e-4,1)", "layers=[1],[2]", "task.noise=uniform(0,1)", "task.size=int(1,3)"];
    const { plan } = await planFrom(...ranges, "--trials 200");
    const { plan: fewer } = await planFrom(...ranges, "--trials 20");
    expect(fewer.settings).toEqual(plan.settings.slice(0, 20));
    const column = (i: number): number[] => plan.settings.map(({ values }) => Number(values[i]));
    // Uniform in the exponent: standard deviation of 4 / sqrt(12) around -2, over 200 draws, 4 standard errors.
    const exponents = column(0).map(Math.log10);
    expect(Math.abs(exponents.reduce((sum, x) => sum + x, 0) / 200 + 2)).toBeLessThan(
      (4 * 4) / Math.sqrt(12 * 200),
    );
    expect([Math.min(...exponents) >= -4, Math.max(...exponents) <= 0]).toEqual([true, true]);
    expect(new Set(column(3))).toEqual(new Set([1, 2, 3]));
    expect(new Set(plan.settings.map(({ values }) => values[1]))).toEqual(new Set(["[1]", "[2]"]));
    const { plan: other } = await planFrom(...ranges, "--trials 20", "--draw-seed 1");
    expect(other.settings[0]!.values[0]).not.toBe(plan.settings[0]!.values[0]);
  });

  test("runs a setting that was drawn twice once, and says so", async () => {
    const { plan, repeated } = await planFrom("estimator=pes,nres", "--trials 20");
    expect([plan.settings.length, repeated]).toEqual([2, 18]);
  });

  test("draws have four digits, so that a command can say them", () => {
    const range = { kind: "log", low: 1e-4, high: 1 } as const;
    const drawn = drawValue({ path: ["rate"], name: "rate", values: [], range }, 0, 3);
    expect(drawn).toBe(String(Number(Number(drawn).toPrecision(4))));
  });

  test.each([
    [["rate=log(1e-4,1)"], "say how many settings, such as --trials 20"],
    [["rate=0.1", "--trials 5"], "no --set says from what"],
    [["rate=0.1,1", "--draw-seed 5"], "--draw-seed is of --trials"],
    [["steps=5,6", "--steps 5"], "two counts of outer steps"],
    [["task.size=int(1,90000)", "--trials 30000"], "would be 30000 runs, and 20000 are allowed"],
    [["--trials 0", "rate=1,2"], "--trials must be an integer of at least 1"],
  ])("%j is refused", async (words, message) => {
    await expect(planFrom(...words)).rejects.toThrow(new RegExp(message));
  });

  test("whose config is wrong in one setting only is refused, with that setting, before anything runs", async () => {
    const failure = planFrom("rate=0.1,fast", "estimator=pes,nres").catch((error: UsageError) => error);
    expect((await failure) as UsageError).toMatchObject({
      code: "CONFIG",
      message: expect.stringContaining(
        'rate: must be a number above 0, got "fast". (in rate=fast estimator=pes and 1 more)',
      ) as string,
      details: { settings: ["rate=fast estimator=pes", "rate=fast estimator=nres"] },
    });
    await expect(planFrom("task.noise=0,0.5,2")).rejects.toThrow(
      "1 of 3 settings cannot be run, and none was begun.",
    );
  });
});
