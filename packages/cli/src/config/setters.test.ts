import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseConfig } from "./parseConfig.ts";
import { listPaths, schemaTree } from "./schemaTree.ts";
import { applySetters, parseSetter } from "./setters.ts";

const schema = z.object({
  estimator: z.enum(["pes", "tbptt", "es"]).default("pes"),
  steps: z.number().int().min(1).default(100),
  horizon: z.number().default(10),
  label: z.string().default(""),
  task: z
    .object({ lr: z.number().positive(), inner: z.object({ noise: z.number().max(1), beta2: z.number() }) })
    .prefault({ lr: 0.1, inner: { noise: 0.5, beta2: 0.999 } }),
  layers: z.array(z.number()).default([32, 16]),
  names: z.array(z.string()).default([]),
  weights: z.record(z.string(), z.number()).default({}),
  schedule: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("constant"), value: z.number() }),
      z.object({ kind: z.literal("cosine"), period: z.number() }),
    ])
    .default({ kind: "constant", value: 1 }),
});
const tree = schemaTree(schema)!;
const set = (...given: string[]) => applySetters(tree, given.map(parseSetter));
const parse = async (...given: string[]) => parseConfig(schema, await set(...given));

describe("parseSetter", () => {
  it("splits at the first equals sign", () => {
    expect(parseSetter("task.lr=a=b")).toEqual({ path: ["task", "lr"], text: "a=b" });
    expect(parseSetter("label=")).toEqual({ path: ["label"], text: "" });
  });

  it.each(["lr", "=3", "task..lr=3", ".lr=1", "__proto__.x=1", "a.constructor=1"])("refuses %j", (given) => {
    expect(() => parseSetter(given)).toThrow(/--set/);
  });
});

describe("applySetters", () => {
  it("reads JSON where it is JSON, else text", async () => {
    expect(await set("steps=20", "estimator=tbptt", "layers=[1,2]", "task.lr=1e-3")).toEqual({
      steps: 20,
      estimator: "tbptt",
      layers: [1, 2],
      task: { lr: 0.001, inner: { noise: 0.5, beta2: 0.999 } },
    });
  });

  it("takes a list by its entries, for shells eat the quotes of JSON", async () => {
    expect(await parse("layers=8", "names=sphere, rastrigin")).toMatchObject({
      layers: [8],
      names: ["sphere", "rastrigin"],
    });
    expect(await parse("layers=8,4.5", "names=[sphere,7]")).toMatchObject({
      layers: [8, 4.5],
      names: ["sphere", "7"],
    });
    expect(await parse("layers=[]", 'names=["a,b"]')).toMatchObject({ layers: [], names: ["a,b"] });
    await expect(parse("layers=eight")).rejects.toThrow(/layers\.0/);
    await expect(parse("layers=")).rejects.toThrow(/layers/);
  });

  it("keeps text that looks like a number where only text is allowed", async () => {
    expect(await set("label=123")).toEqual({ label: "123" });
    expect(await set('label="quoted"')).toEqual({ label: "quoted" });
  });

  it("reads numbers that JSON does not know", async () => {
    expect(await set("horizon=Infinity", "task.lr=.5")).toMatchObject({
      horizon: Infinity,
      task: { lr: 0.5 },
    });
  });

  it("keeps the other defaults of a record or list that it reaches into", async () => {
    expect(await parse("task.inner.noise=0.1", "layers.1=8")).toMatchObject({
      task: { lr: 0.1, inner: { noise: 0.1, beta2: 0.999 } },
      layers: [32, 8],
    });
  });

  it("lets later setters win and does not change the schema's defaults", async () => {
    expect(await set("steps=1", "steps=2")).toEqual({ steps: 2 });
    await set("layers.0=1");
    expect(await set("layers.1=5")).toEqual({ layers: [32, 5] });
  });

  it("reaches into records with free names and into each member of a union", async () => {
    expect(await parse("weights.mine=2", 'schedule={"kind":"cosine","period":4}')).toMatchObject({
      weights: { mine: 2 },
      schedule: { kind: "cosine", period: 4 },
    });
    expect(await set("schedule.kind=cosine", "schedule.period=4")).toMatchObject({
      schedule: { kind: "cosine", period: 4 },
    });
  });

  it.each([
    ["estimater=pes", "Did you mean estimator?"],
    ["task.lrr=1", "Did you mean task.lr?"],
    ["noise=1", "Did you mean task.inner.noise?"],
    ["steps.x=1", "Paths are estimator, steps"],
    ["layers.first=1", "Paths are"],
  ])("answers %s with %s", async (given, hint) => {
    await expect(set(given)).rejects.toThrow(hint);
  });

  it("sets any path where the schema cannot be read", async () => {
    const setters = ["a.b=1", "list.0=x"].map(parseSetter);
    expect(await applySetters(undefined, setters)).toEqual({ a: { b: 1 }, list: ["x"] });
  });
});

describe("listPaths", () => {
  it("lists every place in the order of the schema", () => {
    expect(listPaths(tree)).toEqual([
      "estimator",
      "steps",
      "horizon",
      "label",
      "task",
      "task.lr",
      "task.inner",
      "task.inner.noise",
      "task.inner.beta2",
      "layers",
      "layers.N",
      "names",
      "names.N",
      "weights",
      "weights.NAME",
      "schedule",
      "schedule.kind",
      "schedule.value",
      "schedule.period",
    ]);
  });

  it("ends for a schema that contains itself", () => {
    const node: z.ZodType = z.object({ value: z.number(), next: z.lazy(() => node).optional() });
    expect(listPaths(schemaTree(node)!)).toContain("next.next.value");
  });

  it("knows only zod schemas", () => {
    expect(schemaTree({ parse: (value: unknown) => value })).toBeUndefined();
  });
});

describe("parseConfig", () => {
  it("names the nearest value of an enum", async () => {
    await expect(parse("estimator=tbpt")).rejects.toThrow(
      'estimator: must be one of "pes", "tbptt", "es", got "tbpt". Did you mean tbptt?',
    );
  });

  it("tells every wrong path with what was given and what is allowed", async () => {
    const failure = parse("steps=0.5", "task.lr=-1", "task.inner.noise=2", "layers.0=x", "schedule.kind=x");
    await expect(failure).rejects.toMatchObject({ code: "CONFIG" });
    const message = await failure.then(String, (error: Error) => error.message);
    expect(message.split("\n")).toEqual([
      "steps: must be an integer of at least 1, got 0.5.",
      "task.lr: must be a number above 0, got -1.",
      "task.inner.noise: must be a number of at most 1, got 2.",
      'layers.0: must be a number, got "x".',
      'schedule.kind: must be one of "constant", "cosine", got "x".',
    ]);
  });

  it("tells what is missing", () => {
    const strict = z.object({ file: z.string() });
    expect(() => parseConfig(strict, {})).toThrow("file: must be a string, it is missing.");
  });

  it("passes on the message of a schema of another kind", () => {
    const own = { parse: () => void expect.unreachable() };
    own.parse = () => {
      throw new RangeError("lr too large");
    };
    expect(() => parseConfig(own, {})).toThrow("config: lr too large");
  });
});

describe("lists", () => {
  it.each(["layers.30000000=3", "layers.4=3", "layers.1e3=3", "layers.007=3", "layers.length=9"])(
    "answers %s at once with the places that there are",
    async (given) => {
      await expect(set(given)).rejects.toThrow(/layers/);
    },
  );

  it("names the next place, whatever the order of the setters", async () => {
    await expect(set("layers.4=3")).rejects.toThrow("which has 2 entries. The next one is layers.2;");
    expect(await set("layers.3=1", "layers.2=5")).toEqual({ layers: [32, 16, 5, 1] });
    await expect(set("layers.3=1", "layers.0=5")).rejects.toThrow("layers.3 is no place in this list");
  });

  it("are lists without a schema too, with numbers for names only", async () => {
    const free = (...given: string[]) => applySetters(undefined, given.map(parseSetter));
    expect(await free("a.0=1", "a.1=x")).toEqual({ a: [1, "x"] });
    await expect(free("a.0=1", "a.length=1000000000")).rejects.toThrow("a.length is no place");
    await expect(free("a.4000000000=1")).rejects.toThrow("which is empty");
  });

  it("refuses a path deeper than any config", () => {
    expect(() => parseSetter(`${"a.".repeat(20_000)}a=1`)).toThrow("at most 64 names, got 20001");
  });
});

describe("nullable fields", () => {
  const nullable = z.object({
    name: z.string().nullable().default(null),
    mode: z.enum(["1", "fast"]).nullable().default(null),
    rate: z.number().nullable().default(0.1),
    list: z.array(z.number()).nullable().default(null),
    known: z.array(z.number()).default([1, 2]).nullable(),
    record: z.object({ a: z.number() }).nullable().default(null),
    either: z.union([z.string(), z.number()]).default("x"),
  });
  const read = async (...given: string[]) =>
    parseConfig(nullable, await applySetters(schemaTree(nullable), ["known=[0]", ...given].map(parseSetter)));

  it.each([
    ["name=null", { name: null }],
    ["name=5", { name: "5" }],
    ["name=true", { name: "true" }],
    ["name=[1]", { name: "[1]" }],
    ['name="null"', { name: "null" }],
    ["mode=1", { mode: "1" }],
    ["mode=null", { mode: null }],
    ["rate=null", { rate: null }],
    ["rate=.5", { rate: 0.5 }],
    ["list=null", { list: null }],
    ["list=[1,2]", { list: [1, 2] }],
    ["list.0=7", { list: [7] }],
    ["record.a=3", { record: { a: 3 } }],
    ["record=null", { record: null }],
    ["either=5", { either: 5 }],
    ['either="5"', { either: "5" }],
  ])("%s parses", async (given, expected) => {
    expect(await read(given)).toMatchObject(expected);
  });

  it("keeps the default of a list that may be null", async () => {
    const set = await applySetters(schemaTree(nullable), [parseSetter("known.1=5")]);
    expect(set).toEqual({ known: [1, 5] });
  });
});
