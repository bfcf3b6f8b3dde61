import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { adam } from "../../optimizers/index.ts";
import { encodeState, decodeState } from "../../train/index.ts";
import { type Filtered, type FilterSnapshot, filterStream } from "./filterStream.ts";
import { gaussianFamily } from "./gaussianFamily.ts";
import { onlineLearning } from "./onlineLearning.ts";
import { onlineVariationalFilter } from "./onlineVariationalFilter.ts";
import { oracleModel, oracleTheta } from "./oracleTesting.ts";
import { createOnlineFilter, onlineFilters } from "./registry.ts";

const filter = onlineVariationalFilter({
  model: oracleModel,
  family: gaussianFamily({ past: "diagonal" }),
  regressors: { T: "exact", S: "exact", V: "exact" },
  phi: { steps: 4 },
  learns: true,
  theta: { start: 1 },
  elboSamples: 10,
});

/** A sensor without an end; counts what was taken of it. */
function sensor(from = 0): { source: AsyncGenerator<Tensor | null>; taken: () => number } {
  let t = from;
  async function* values(): AsyncGenerator<Tensor | null> {
    for (;;) {
      const y = t % 5 === 4 ? null : np.array([Math.sin(t)], { dtype: "float64" });
      t++;
      yield y;
      await Promise.resolve();
    }
  }
  return { source: values(), taken: () => t };
}

async function take<T>(from: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const x of from) {
    taken.push(x);
    if (taken.length === count) break;
  }
  return taken;
}

const bits = ({ mean, sd, theta, logEvidence }: Filtered<typeof oracleTheta, unknown>): unknown[] =>
  [mean, sd, theta.F, theta.G].map((x) => x.slice(0).item()).concat(logEvidence!);

test(
  "an endless stream is filtered and learned from as it comes, and goes on from any snapshot to the bit",
  { tags: ["long"] },
  async () => {
    const optimizer = adam({ learningRate: 0.05 });
    const { source, taken } = sensor();
    const all = await take(
      filterStream(filter, source, { theta: oracleTheta, optimizer, key: random.key(1) }),
      8,
    );
    // Nothing was read ahead.
    expect(taken()).toBe(8);
    expect(all.map(({ t }) => t)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(all.at(-1)!.theta.F.slice(0).item()).not.toBe(0.9);
    for (const at of [0, 1, 4]) {
      // Through the bytes of a checkpoint.
      const { structure, tensors } = encodeState(all[at]!.snapshot);
      const snapshot = decodeState(structure, tensors) as FilterSnapshot<typeof oracleTheta, never>;
      const rest = await take(
        filterStream(filter, sensor(at + 1).source, { optimizer, resume: snapshot }),
        7 - at,
      );
      expect(rest.map(bits)).toEqual(all.slice(at + 1).map(bits));
    }
  },
);

test("plain numbers of a plain array are a source, and theta stays without an optimizer", async () => {
  const all = await take(filterStream(filter, [[0.5], [-0.3], null], { theta: oracleTheta }), 3);
  expect(all.map(({ theta }) => theta.F.slice(0).item())).toEqual([0.9, 0.9, 0.9]);
  // None in the first step, as the filter's options say; at a gap there is one as well.
  expect(all.map(({ gradient }) => gradient !== undefined && tree.isFinite(gradient))).toEqual([
    false,
    true,
    true,
  ]);
});

test("options that do not fit are refused", async () => {
  const { snapshot } = (await take(filterStream(filter, [[0.5]], { theta: oracleTheta }), 1))[0]!;
  const tried = (options: object) => take(filterStream(filter, [[0.5]], options), 1);
  await expect(tried({})).rejects.toThrow(OptionError);
  await expect(tried({ resume: snapshot, theta: oracleTheta })).rejects.toThrow(/left out with resume/);
  await expect(tried({ resume: snapshot, optimizer: adam() })).rejects.toThrow(/as before/);
  await expect(tried({ theta: oracleTheta, keys: 1 })).rejects.toThrow(/"key"/);
  await expect(take(filterStream(filter, [[0.5]]), 1)).rejects.toThrow(/theta must be given, or resume/);
  const fed = (source: unknown) => take(filterStream(filter, source as never, { theta: oracleTheta }), 2);
  await expect(fed(7)).rejects.toThrow("filterStream: source must be an iterable of observations");
  await expect(fed([[0.5], undefined])).rejects.toThrow(
    "filterStream: observation 1 must be numbers, a tensor [dy], or null where nothing was observed, got undefined.",
  );
});

test("an optimizer beside a filter that has no gradient is refused, with what to write", async () => {
  const model = oracleModel;
  const optimizer = adam();
  for (const name of ["ekf", "bpf", "enkf"]) {
    const still = createOnlineFilter(name, { model, particles: 10 });
    const text = new RegExp(
      `optimizer must be left out with the filter "${name}", whose steps have no gradient by theta, got "adam"\\. Filters that learn: onlineV`,
    );
    await expect(take(filterStream(still, [[0.5]], { theta: oracleTheta, optimizer }), 1)).rejects.toThrow(
      text,
    );
    expect(() => onlineLearning({ filter: still, observations: () => null, optimizer })).toThrow(text);
    expect(still.learns).toBe(onlineFilters.find((entry) => entry.name === name)!.learns);
  }
  const still = onlineVariationalFilter({ model });
  await expect(take(filterStream(still, [[0.5]], { theta: oracleTheta, optimizer }), 1)).rejects.toThrow(
    /filter "ovf" as it was made, .* Make it with learns: true/,
  );
});

test("snapshots of another filter, of other options, or out of JSON are refused", async () => {
  const model = oracleModel;
  const of = (name: string, particles: number) => createOnlineFilter(name, { model, particles });
  const { snapshot } = (await take(filterStream(of("bpf", 10), [[0.5]], { theta: oracleTheta }), 1))[0]!;
  const resumed = (filter: ReturnType<typeof of>, resume: unknown) =>
    take(filterStream(filter, [[0.5]], { resume: resume as typeof snapshot }), 1);
  for (const other of [of("enkf", 10), of("bpf", 20)])
    await expect(resumed(other, snapshot)).rejects.toThrow(
      /filterStream: resume must be a snapshot of the filter that goes on, \{.*, got "\{\\"name\\":\\"bpf\\"/,
    );
  const text = /has lost its elements: it went through JSON or structuredClone\. .*encodeState/;
  await expect(resumed(of("bpf", 10), JSON.parse(JSON.stringify(snapshot)))).rejects.toThrow(text);
  await expect(resumed(of("bpf", 10), {})).rejects.toThrow(
    /a snapshot that filterStream has given, got \{\}/,
  );
  await expect(resumed(of("bpf", 10), snapshot)).resolves.toHaveLength(1);
});
