/** Shards of units, put together again: the bits of a run on one machine, for any number of shards. */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { pes, tbptt } from "../estimators/index.ts";
import { adam, lossScale } from "../optimizers/index.ts";
import { defineProblem } from "../unroll/index.ts";
import type { Setup } from "./experiment.ts";
import { type Sharded, shardedRun } from "./shardedSteps.ts";
import { type Taken, bitsOf, takeAlone } from "./testing.ts";
import { type TrainState, initTraining, trainSteps } from "./trainSteps.ts";

const problem = defineProblem({
  name: "noisy decay",
  horizon: 12,
  init: ({ x }: { x: Tensor }, key) => ({
    s: random.normal(key, [3]).mul(0.1).add(x.sum()),
    isOdd: tree.scalar(0, "bool"),
  }),
  step({ x }, { s, isOdd }, { key }) {
    const next = np.tanh(s.mul(x).add(random.normal(key, [3]).mul(0.01)));
    const loss = next.mul(next).sum().add(np.sin(x).sum());
    return { state: { s: next, isOdd: np.logicalNot(isOdd) }, loss };
  },
});

const setupOf = (kind: "pes" | "tbptt"): Setup => {
  const estimator =
    kind === "pes"
      ? pes(problem, { pairs: 301, truncation: 5, sigma: 0.1 })
      : tbptt(problem, { tasks: 30, truncation: 4 });
  const theta = { x: np.array([0.5, -0.2, 0.9]) };
  return { theta, estimator, optimizer: adam({ learningRate: 0.01 }), steps: 30 } as unknown as Setup;
};

/** Takes steps with the units in `shards` shards, each on a machine of its own. */
function sharded(setup: Setup, from: TrainState, shards: number, count: number): Taken {
  const leader = shardedRun(setup, from);
  const ranges = leader.runner.ranges(shards);
  const steps = leader.steps(from);
  const machines = ranges.map((range, i): Sharded["runner"] => {
    // The one with theta may have units too.
    const { runner } = i === 0 ? leader : shardedRun(setup, from);
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

test("shards have the bits of one machine", () => {
  const setup = setupOf("pes");
  const start = initTraining(setup, random.key(3));
  expect(bitsOf(sharded(setup, start, 2, 7))).toBe(bitsOf(takeAlone(setup, start, 7)));
});

test("back and forth between one machine and several", { tags: ["long"] }, () => {
  const setup = setupOf("pes");
  const one = takeAlone(setup, initTraining(setup, random.key(3)), 7);
  const further = sharded(setup, one.state, 2, 2);
  const alone = takeAlone(setup, one.state, 2);
  expect(bitsOf(further)).toBe(bitsOf(alone));
  expect(bitsOf(takeAlone(setup, further.state, 3))).toBe(bitsOf(takeAlone(setup, alone.state, 3)));
});

test("more shards than tiles, bytes of another length and methods without windows are errors", () => {
  const setup = setupOf("pes");
  const start = initTraining(setup, random.key(3));
  const { runner } = shardedRun(setup, start);
  expect(() => runner.ranges(1000)).toThrow(/an integer from 1 to \d+.*301 units/s);
  const [range] = runner.ranges(2);
  expect(() => runner.load(range!, new Uint8Array(7))).toThrow(/the units of a shard.*7 bytes/s);
  expect(() => runner.share(new Uint8Array(7))).toThrow(/7 bytes/);
  const steps = shardedRun(setup, start).steps(start);
  expect(() => steps.state([steps.unitsBefore(range!)])).toThrow(/the units of all shards.*bytes/s);
  expect(() => steps.next(new Float64Array(3))).toThrow(/the sums.*3 numbers/s);
  const other = setupOf("tbptt");
  expect(() => shardedRun(other, initTraining(other, random.key(0)))).toThrow(
    /\(pes, nres, .*not tbptt.*estimator .*tbptt/s,
  );
});

test("a step that leaves its update out has to be taken alone", () => {
  const steep = defineProblem({
    name: "steep in its third step",
    horizon: 4,
    init: () => ({ s: np.zeros([]) }),
    step: ({ x }: { x: Tensor }, { s }, { t }) => ({
      state: { s: s.add(x) },
      loss: x.mul(np.where(t.equal(2), 3e38, 1)).mul(1.5),
    }),
  });
  const estimator = pes(steep, { pairs: 8, truncation: 1, sigma: 0.1, objective: "sum" });
  const theta = { x: np.array(0.01) };
  const setup = {
    theta,
    estimator,
    optimizer: lossScale(adam(), { scale: 1 }),
    steps: 9,
  } as unknown as Setup;
  const start = initTraining(setup, random.key(3));
  const { runner, steps: stepsFrom } = shardedRun(setup, start);
  const [range] = runner.ranges(1);
  const steps = stepsFrom(start);
  runner.load(range!, steps.unitsBefore(range!));
  const taken = Array.from({ length: 3 }, () => {
    runner.share(steps.shared());
    return steps.next(runner.run(range!)) !== undefined;
  });
  expect(taken).toEqual([true, true, false]);
  expect(steps.step).toBe(2);
  const alone = trainSteps(setup, takeAlone(setup, start, 2).state, 1);
  expect(alone.records[0]!["skippedUpdates"]).toBe(1);
  // The units went on as they do alone.
  const after = shardedRun(setup, alone.state).steps(alone.state);
  expect(runner.save(range!)).toEqual(after.unitsBefore(range!));
});
