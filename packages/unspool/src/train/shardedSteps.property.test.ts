/**
 * Any division of the units of any estimator into shards, on machines that have several of them, which change in the middle
 * of a run and take over from one another: always the bits of the steps that one machine takes.
 */
import fc from "fast-check";
import { test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { createEstimator } from "../estimators/index.ts";
import { accumulate, createOptimizer, emaAverage, lookahead, sgd } from "../optimizers/index.ts";
import { compiledExecutor, defineProblem } from "../unroll/index.ts";
import type { Setup, StepRecord } from "./experiment.ts";
import { shardedRun } from "./shardedSteps.ts";
import { type Taken, bitsOf, takeAlone } from "./testing.ts";
import { type TrainState, initTraining } from "./trainSteps.ts";

/** Where windows end with trajectories, whatever their lengths. */
const needEdges = ["telescopingPes", "rtrl", "uoro", "dodge"];

const optimizers = {
  adam: () => createOptimizer("adam"),
  shampoo: () => createOptimizer("shampoo"),
  scheduleFree: () => createOptimizer("scheduleFreeAdamw"),
  lookahead: () => lookahead(sgd({ learningRate: 0.01 }), { k: 2 }),
  average: () => emaAverage(sgd({ learningRate: 0.01 })),
  accumulate: () => accumulate(sgd({ learningRate: 0.01 }), { every: 2 }),
};

const cases = fc.record({
  estimator: fc.constantFrom("pes", "nres", "gpes", "truncatedEs", "fullEs", ...needEdges),
  optimizer: fc.constantFrom(...(Object.keys(optimizers) as (keyof typeof optimizers)[])),
  dtype: fc.constantFrom("float32", "float64"),
  pairs: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 500 })),
  horizon: fc.constantFrom(4, 7, 8),
  truncation: fc.integer({ min: 1, max: 4 }),
  resets: fc.constantFrom("lockstep", "common", "staggered", "random-offset", "random", "scheduled"),
  differences: fc.constantFrom("all", { signTimes: 0.1 }, { clippedAt: 0.2 }),
  hasNaN: fc.boolean(),
  keepsPairs: fc.boolean(),
  /** Leaves of theta with 60 elements, and with none. */
  isLarge: fc.boolean(),
  /** Numbers in a further leaf of the state: the more, the smaller are tiles. */
  width: fc.constantFrom(1, 80, 300),
  portableBits: fc.boolean(),
  threads: fc.constantFrom(1, 2),
  before: fc.nat(2),
  parts: fc.array(
    fc.record({ shards: fc.nat(40), steps: fc.integer({ min: 1, max: 3 }), machines: fc.constantFrom(1, 2) }),
    { minLength: 1, maxLength: 3 },
  ),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

interface Theta {
  x: Tensor;
  large?: { w: Tensor; none: Tensor };
}

const problemOf = ({ horizon, width, hasNaN }: Case) =>
  defineProblem({
    name: "of all kinds",
    horizon,
    init: ({ x }: Theta, key) => ({
      s: random.normal(key, [2]).mul(0.1).add(x.sum()),
      count: np.array([3, 5], { dtype: "int32" }),
      isOdd: np.array([1, 0], { dtype: "bool" }),
      fixed: np.array([0.3, 0.7]),
      wide: random.normal(key, [width]).mul(0.1),
    }),
    data: (key) => np.array([0.1, -0.2, 0.3]).mul(random.uniform(key)),
    step({ x, large }, { s, count, isOdd, fixed, wide }, { key, batch }) {
      const counted = np.where(isOdd, count, 0).astype(s.dtype).mul(0.01);
      const drawn = random.normal(key, [2]).mul(0.01).add(batch.sum()).add(fixed).astype(s.dtype);
      const scale = large === undefined ? x : x.add(large.w.mul(large.w).sum().mul(0.01));
      const next = np.tanh(s.mul(scale).add(drawn).add(counted).add(wide.sum().mul(0.01)));
      const isLost = random.uniform(random.foldIn(key, 1)).less(hasNaN ? 0.01 : 0);
      const loss = next
        .mul(next)
        .sum()
        .add(np.sin(x).sum())
        .add(np.where(isLost, NaN, 0).astype(s.dtype));
      const state = { s: next, count: count.add(1), isOdd: np.logicalNot(isOdd), fixed };
      return { state: { ...state, wide: np.sin(wide.mul(1.1).add(next.sum())) }, loss };
    },
    finalLoss: ({ x }, { s }, batch) => s.mul(s).sum().add(x.sum()).add(batch.sum().astype(s.dtype)),
  });

function resetsOf({ resets, horizon }: Case, truncation: number): object {
  if (resets === "common") return { resets: "lockstep", trajectories: "common" };
  if (resets !== "random" && resets !== "scheduled") return { resets };
  const length = (estimates: Tensor): Tensor => estimates.astype("float32").mul(0.5).add(truncation);
  const lengths = { minLength: truncation, maxLength: horizon };
  return { resets: resets === "random" ? lengths : { ...lengths, length, jitter: 1 } };
}

function setupOf(given: Case): Setup {
  const { estimator: name, horizon, dtype, pairs, isLarge, portableBits, threads } = given;
  const isEdge = needEdges.includes(name);
  const truncation = isEdge ? (horizon === 8 ? 4 : horizon) : given.truncation;
  const options = {
    ...(isEdge ? { resets: "staggered" } : resetsOf(given, truncation)),
    ...(name !== "fullEs" && { truncation }),
    ...{ pairs, tasks: pairs, sigma: 0.1, noisePeriod: 2 * truncation },
    ...{ differences: given.differences, keepsPairs: given.keepsPairs },
    ...{ nanPolicy: given.hasNaN ? "zero" : "error", executor: compiledExecutor({ portableBits, threads }) },
  };
  const zeros = (size: number): Tensor => np.zeros([size], { dtype });
  const theta: Theta = {
    x: np.array([0.5, -0.2], { dtype }),
    ...(isLarge && { large: { w: zeros(60), none: zeros(0) } }),
  };
  const estimator = createEstimator(name, problemOf(given), options as object);
  return { theta, estimator, optimizer: optimizers[given.optimizer](), steps: 30 } as unknown as Setup;
}

/** Undefined where a step is not finite. */
function sharded(setup: Setup, from: TrainState, parts: Case["parts"]): Taken | undefined {
  const leader = shardedRun(setup, from);
  const others = shardedRun(setup, initTraining(setup, random.key(99)));
  const records: StepRecord[] = [];
  let state = from;
  for (const part of parts) {
    const tiles = leader.runner.ranges(1)[0]!.to;
    const ranges = leader.runner.ranges(1 + (part.shards % tiles));
    const machines = [leader.runner, others.runner].slice(0, part.machines);
    const steps = leader.steps(state);
    const runners = ranges.map((range, i) => {
      const runner = machines[(7 * i + part.shards) % machines.length]!;
      runner.load(range, steps.unitsBefore(range));
      return runner;
    });
    for (let step = 0; step < part.steps; step++) {
      for (const machine of machines) machine.share(steps.shared());
      // The last first: no sum depends on who was there before.
      const sums = ranges.toReversed().map((range, i) => runners.at(-1 - i)!.run(range));
      const record = steps.next(Float64Array.from(sums.toReversed().flatMap((one) => [...one])));
      if (record === undefined) return undefined;
      records.push(record);
      // Whatever lay in memory, saved units are all that there is.
      ranges.forEach((range, i) => runners[i]!.load(range, runners[i]!.save(range)));
    }
    state = steps.state(ranges.map((range, i) => runners[i]!.save(range)));
  }
  return { records, state };
}

function attempt<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}

test("any shards have the bits of one machine", { tags: ["long"] }, () => {
  let compared = 0;
  const holds = fc.property(cases, (given) => {
    const setup = setupOf(given);
    const start = attempt(() => takeAlone(setup, initTraining(setup, random.key(3)), given.before).state);
    // A first step of NaN only.
    if (start === undefined) return;
    const steps = given.parts.reduce((sum, part) => sum + part.steps, 0);
    const alone = attempt(() => takeAlone(setup, start, steps));
    const together = sharded(setup, start, given.parts);
    if ((alone && bitsOf(alone)) !== (together && bitsOf(together)))
      throw new Error(`they differ: ${alone && "alone"} ${together && "together"}`);
    if (alone === undefined || together === undefined) return;
    compared++;
    // And one machine goes on from there.
    const [one, other] = [alone, together].map(({ state }) =>
      attempt(() => bitsOf(takeAlone(setup, state, 2))),
    );
    if (one !== other) throw new Error("they go on differently");
  });
  const numRuns = 20;
  fc.assert(holds, { numRuns, seed: 5 });
  if (compared < numRuns / 2) throw new Error(`only ${compared} cases came to an end`);
});
