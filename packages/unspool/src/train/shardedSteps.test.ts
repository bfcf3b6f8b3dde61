/** Shards of units, put together again: the bits of a run on one machine, for any number of shards. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { nres, pes, tbptt, truncatedEs } from "../estimators/index.ts";
import { adam } from "../optimizers/index.ts";
import { defineProblem } from "../unroll/index.ts";
import type { Setup } from "./experiment.ts";
import { type Sharded, shardedRun } from "./shardedSteps.ts";
import { type TrainState, initTraining, trainSteps } from "./trainSteps.ts";

const problem = defineProblem({
  name: "noisy decay",
  horizon: 12,
  init: ({ x }: { x: Tensor }, key) => ({ s: random.normal(key, [3]).mul(0.1).add(x.sum()) }),
  step({ x }, { s }, { key }) {
    const next = np.tanh(s.mul(x).add(random.normal(key, [3]).mul(0.01)));
    return { state: { s: next }, loss: next.mul(next).sum().add(np.sin(x).sum()) };
  },
});

const setupOf = (kind: string, dtype: "float32" | "float64" = "float32"): Setup => {
  const es = { pairs: 301, truncation: 5, sigma: 0.1 };
  const estimator =
    kind === "pes" ? pes(problem, es)
    : kind === "nres" ? nres(problem, { ...es, truncation: 4, resets: "staggered" })
    : kind === "truncatedEs" ? truncatedEs(problem, es)
    : tbptt(problem, { tasks: 30, truncation: 4 }); // prettier-ignore
  const theta = { x: np.array([0.5, -0.2, 0.9], { dtype }) };
  return { theta, estimator, optimizer: adam({ learningRate: 0.01 }), steps: 30 } as unknown as Setup;
};

/** Takes steps with the units in `shards` shards, each on a machine of its own. */
function sharded(setup: Setup, from: TrainState, shards: number, count: number) {
  const leader = shardedRun(setup, from);
  const ranges = leader.runner.ranges(shards);
  const steps = leader.steps(from);
  const machines = ranges.map((range): Sharded["runner"] => {
    const { runner } = shardedRun(setup, from);
    runner.load(range, steps.unitsBefore(range));
    return runner;
  });
  const records = Array.from({ length: count }, () => {
    const shared = steps.shared();
    const parts = machines.map((machine, i) => {
      machine.share(shared);
      return machine.run(ranges[i]!);
    });
    const sums = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      sums.set(part, at);
      at += part.length;
    }
    return { ...steps.next(sums)!, durationMs: 0 };
  });
  return { records, state: steps.state(machines.map((machine, i) => machine.save(ranges[i]!))) };
}

function local(setup: Setup, from: TrainState, count: number) {
  let state = from;
  const records = [];
  while (records.length < count) {
    const done = trainSteps(setup, state, count - records.length);
    records.push(...done.records.map((record) => ({ ...record, durationMs: 0 })));
    state = done.state;
  }
  return { records, state };
}

function expectSameBits(setup: Setup, shards: number): void {
  const start = initTraining(setup, random.key(3));
  const one = local(setup, start, 7);
  expect(sharded(setup, start, shards, 7)).toEqual(one);
}

test("shards have the bits of one machine", () => expectSameBits(setupOf("pes"), 2));

test.each([
  ["pes", 1],
  ["pes", 4],
  ["nres", 3],
  ["truncatedEs", 2],
])("%s, %i shards have the bits of one machine", { tags: ["long"] }, (kind, shards) =>
  expectSameBits(setupOf(kind), shards),
);

test("back and forth between one machine and several", { tags: ["long"] }, () => {
  const setup = setupOf("pes");
  const one = local(setup, initTraining(setup, random.key(3)), 7);
  const further = sharded(setup, one.state, 2, 2);
  expect(further).toEqual(local(setup, one.state, 2));
  expect(local(setup, further.state, 3)).toEqual(local(setup, local(setup, one.state, 2).state, 3));
});

test("in float64", { tags: ["long"] }, () => expectSameBits(setupOf("pes", "float64"), 3));

test("more shards than tiles, bytes of another length and methods without windows are errors", () => {
  const setup = setupOf("pes");
  const start = initTraining(setup, random.key(3));
  const { runner } = shardedRun(setup, start);
  expect(() => runner.ranges(1000)).toThrow(/an integer from 1 to \d+.*301 units/s);
  const [range] = runner.ranges(2);
  expect(() => runner.load(range!, new Uint8Array(7))).toThrow(/the units of a shard.*7 bytes/s);
  expect(() => runner.share(new Uint8Array(7))).toThrow(/7 bytes/);
  const other = setupOf("tbptt");
  expect(() => shardedRun(other, initTraining(other, random.key(0)))).toThrow(/tbptt/);
});
