/** Executors: reverse mode against differences, integer leaves, records in any order of names. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import {
  type CheckpointPolicy,
  type ReverseProgram,
  checkpointPlan,
  compiledExecutor,
  defineProblem,
  referenceExecutor,
  unroll,
} from "./index.ts";

interface Theta {
  weight: Tensor;
  bias: Tensor;
}

interface Carry {
  x: Tensor;
  index: Tensor;
}

/** x' = tanh(w x + b + index / 10), l = Σ x'² (index + 1): from x_0 = start + bias; the index counts. */
const program: ReverseProgram<Theta, object, { start: Tensor }, Carry> = {
  name: "reverse",
  length: 7,
  begin: ({ bias }, _shared, { start }) => ({ x: start.add(bias), index: tree.scalar(0, "int32") }),
  step({ weight, bias }, _shared, { x, index }) {
    const count = index.astype("float64");
    const next = np.tanh(np.matmul(weight, x).add(bias).add(count.mul(0.1)));
    return {
      carry: { x: next, index: index.add(tree.scalar(1, "int32")) },
      loss: next.mul(next).sum().mul(count.add(1)),
    };
  },
};

const exact = (values: number[], shape: number[]): Tensor => np.array(values, { dtype: "float64", shape });
const theta: Theta = { weight: exact([0.5, -0.3, 0.8, 0.2], [2, 2]), bias: exact([0.1, -0.4], [2]) };
const units = { start: exact([0.3, -0.6, 1.2, 0.4, -0.9, 0.05], [3, 2]) };

describe.each([
  ["reference", referenceExecutor()],
  ["compiled", compiledExecutor()],
  ["compiled, portable", compiledExecutor({ portableBits: true })],
])("reverse, %s", (_, executor) => {
  const run = (at: Theta, policy: CheckpointPolicy = "all") =>
    executor.reverse(program, policy, at, {}, units);
  const meanLoss = (at: Theta): number => tree.flatten(run(at).losses).reduce((sum, x) => sum + x / 3, 0);

  test("is the gradient that differences give, for theta in the first state, every step and every loss", () => {
    const gradient = tree.flatten(run(theta).gradient);
    const flat = tree.leaves(theta);
    let entry = 0;
    flat.forEach((leaf, which) => {
      for (let i = 0; i < leaf.size; i++, entry++) {
        // Richardson extrapolation of central differences with widths h and h/2: error of order h⁴, about 1e-11.
        const at = (change: number) => {
          const data = leaf.data.slice();
          data[i]! += change;
          return meanLoss(
            tree.unflatten(
              theta,
              flat.map((x, j) => (j === which ? np.array(data, { shape: x.shape }) : x)),
            ),
          );
        };
        const slope = (h: number) => (at(h) - at(-h)) / (2 * h);
        const wanted = (4 * slope(5e-4) - slope(1e-3)) / 3;
        expect(Math.abs(gradient[entry]! - wanted) / Math.max(1, Math.abs(wanted))).toBeLessThan(1e-9);
      }
    });
    expect(entry).toBe(6);
  });
  test.each(["sqrt", { states: 1 }, { states: 2 }, { states: 5 }] as const)(
    "policy %o gives the bits of policy all",
    (policy) => {
      const [all, sparse] = [run(theta), run(theta, policy)];
      for (const part of ["gradient", "losses", "carry"] as const) {
        expect([...tree.flatten(sparse[part])]).toEqual([...tree.flatten(all[part])]);
      }
    },
  );
  test("reports the steps and states that the plan has", () => {
    expect(run(theta)).toMatchObject({ forwardSteps: 21, statesHeld: 7 });
    const steps = checkpointPlan(7, { states: 2 }).reduce(
      (sum, action) => sum + (action.kind === "advance" ? action.to - action.from : 0),
      0,
    );
    const sparse = run(theta, { states: 2 });
    expect(sparse.forwardSteps).toBe(3 * steps);
    expect(sparse.statesHeld).toBeLessThanOrEqual(3);
  });
  test("integer leaves pass through", () => {
    const { carry } = run(theta);
    expect(carry.index.dtype).toBe("int32");
    expect([...carry.index.data]).toEqual([7, 7, 7]);
  });
});

test("1024 steps back with at most 2 √1024 + 4 states, and the bits of all of them", () => {
  const long = { ...program, length: 1024 };
  const [all, sparse] = (["all", "sqrt"] as const).map((policy) =>
    compiledExecutor().reverse(long, policy, theta, {}, { start: units.start.slice([0, 1]) }),
  );
  expect(all!.statesHeld).toBe(1024);
  expect(sparse!.statesHeld).toBeLessThanOrEqual(2 * Math.sqrt(1024) + 4);
  expect([...tree.flatten(sparse!.gradient)]).toEqual([...tree.flatten(all!.gradient)]);
});

test("members, constants and carries are told apart whatever their records are called", () => {
  const { mean, each } = referenceExecutor().forward(
    {
      name: "names",
      length: 2,
      begin: ({ z }: { z: Tensor }, { b, a }: { b: Tensor; a: Tensor }) => ({
        members: [1, -1].map((sign) => ({ constant: { z: b.mul(sign), a: z }, carry: { y: a, c: z } })),
        kept: { before: a, also: b },
      }),
      step: (_shared, constant, { y, c }) => ({ y: y.add(constant.z), c: c.add(constant.a) }),
      finish: (_shared, unit, members, { before, also }) => ({
        unit,
        mean: { sum: members[0]!.carry.y.add(members[1]!.carry.c) },
        each: { first: members[0]!.carry.y.sub(before), second: members[1]!.carry.y, also },
      }),
    },
    { z: tree.scalar(10) },
    { b: np.array([1, 2]), a: np.array([100, 200]) },
  );
  // y: a ± 2 b; c: z + 2 z = 30.
  expect([...each.first.data]).toEqual([2, 4]);
  expect([...each.second.data]).toEqual([98, 196]);
  expect([...each.also.data]).toEqual([1, 2]);
  expect(mean.sum.item()).toBe((102 + 30 + 204 + 30) / 2);
});

test("unroll: losses of every step, thetas of their own, and common or separate trajectories", () => {
  const problem = defineProblem({
    horizon: 3,
    init: (_theta: { rate: Tensor }, key: Key) => ({ s: random.uniform(key, []) }),
    step: (at: { rate: Tensor }, { s }: { s: Tensor }) => ({
      state: { s: s.add(at.rate) },
      loss: s.add(at.rate),
    }),
  });
  const rates = { rate: np.array([1, 2]) };
  const common = unroll(problem, rates, { key: random.key(1), isThetaBatched: true, isCommon: true });
  const apart = unroll(problem, { rate: tree.scalar(1) }, { key: random.key(1), particles: 2 });
  expect(common.losses.shape).toEqual([3, 2]);
  const start = common.losses.data[0]! - 1;
  [1, 2, 2, 4, 3, 6].forEach((rise, i) => expect(common.losses.data[i]).toBeCloseTo(start + rise, 5));
  expect(apart.losses.data[0]).toBeCloseTo(common.losses.data[0]!, 6);
  expect(apart.losses.data[1]).not.toBeCloseTo(apart.losses.data[0]!, 3);
});

test("unroll goes on from the states of an earlier call: two calls have the bits of one", () => {
  const problem = defineProblem({
    horizon: 5,
    init: (_theta: { rate: Tensor }, key: Key) => ({ s: random.uniform(key, []) }),
    // The loss depends on the number of the step and on its key.
    step: (at: { rate: Tensor }, { s }: { s: Tensor }, { t, key }) => {
      const next = s.mul(at.rate).add(random.normal(key, []));
      return { state: { s: next }, loss: next.add(t.astype("float32")) };
    },
  });
  const rates = { rate: np.array([0.5, 0.9]) };
  const common = { key: random.key(4), isThetaBatched: true };
  const whole = unroll(problem, rates, common);
  const first = unroll(problem, rates, { ...common, steps: 2 });
  const rest = unroll(problem, rates, { ...common, steps: 3, state: first.state, stepsBefore: 2 });
  expect([...first.losses.data, ...rest.losses.data]).toEqual([...whole.losses.data]);
  expect([...(rest.state as { s: Tensor }).s.data]).toEqual([...(whole.state as { s: Tensor }).s.data]);
});
