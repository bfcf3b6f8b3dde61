/**
 * The tasks of the suite: inner problems whose gradients are known in closed form, window by window.
 *
 * `scalarSystem` and `planarSystem` are deterministic; `noisySystem` draws its start, its data and its steps, and
 * has an integer in its state; the losses of `proportionalSystem` are linear in theta.
 */
import { type Tensor, np, random, tree } from "../array/index.ts";
import { linearSystem } from "../problems/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import {
  type LinearOracle,
  type Objective,
  type WindowDerivatives,
  linearDerivatives,
} from "./derivatives.ts";

/** A problem over a vector theta, and what is known of it. */
export interface AnalyticTask {
  name: string;
  problem: Problem<Tensor, unknown, unknown>;
  theta: readonly number[];
  horizon: number;
  truncation: number;
  derivatives(truncation: number, objective: Objective): WindowDerivatives;
}

function linearTask(name: string, oracle: LinearOracle, theta: number[], truncation: number): AnalyticTask {
  return {
    name,
    problem: linearSystem(oracle) as Problem<Tensor, unknown, unknown>,
    theta,
    horizon: oracle.horizon,
    truncation,
    derivatives: (length, objective) => linearDerivatives(oracle, theta, length, objective),
  };
}

/** One state, one parameter, three windows: the gradient grows from window to window. */
export const scalarSystem: AnalyticTask = linearTask(
  "scalarSystem",
  { transition: [[0.8]], control: [[1]], start: [0.5], target: [1], horizon: 6 },
  [0.3],
  2,
);

/** Two states, two parameters, two windows. */
export const planarSystem: AnalyticTask = linearTask(
  "planarSystem",
  {
    transition: [[0.9, 0.2], [-0.1, 0.7]], // prettier-ignore
    control: [[1, 0], [0.5, -1]], // prettier-ignore
    start: [1, -1],
    target: [0.5, -0.25],
    horizon: 4,
  },
  [0.3, -0.2],
  2,
);

const kept = 0.7;
const noisyTheta = [0.4, -0.3] as const;

/**
 * `s' = 0.7 s + theta_0 x + theta_1 + 0.3 z`, `l = s'² / 2`, with x ~ N(1, 1) from the data, z ~ N(0, 1) from the key
 * of the step and s_0 ~ N(1/2, 1/4) from the key of the trajectory.
 */
export const noisySystem: AnalyticTask = {
  name: "noisySystem",
  problem: defineProblem({
    name: "noisySystem",
    horizon: 4,
    init: (theta: Tensor, key) => ({
      s: random
        .normal(key, [], { dtype: theta.dtype as "float32" })
        .mul(0.5)
        .add(0.5),
      steps: tree.scalar(0, "int32"),
    }),
    data: (key) => random.normal(key, []).add(1),
    step(theta: Tensor, { s, steps }: { s: Tensor; steps: Tensor }, { key, batch }) {
      const [gain, drift] = [theta.slice(0), theta.slice(1)];
      const z = random.normal(key, []).mul(0.3).astype(s.dtype);
      const next = s
        .mul(kept)
        .add(gain.mul(batch.astype(s.dtype)))
        .add(drift)
        .add(z);
      return { state: { s: next, steps: steps.add(tree.scalar(1, "int32")) }, loss: next.mul(next).mul(0.5) };
    },
    finalLoss: (_theta, { s }: { s: Tensor; steps: Tensor }) => s.mul(s).mul(0.5),
  }) as Problem<Tensor, unknown, unknown>,
  theta: noisyTheta,
  horizon: 4,
  truncation: 2,
  derivatives(truncation, objective) {
    // E[s_t ds_t/dtheta_b]: product of the means, plus theta_0 Var[x] Σ 0.49^(t-k) for the gain.
    const [gain, drift] = noisyTheta;
    const oracle: LinearOracle = {
      transition: [[kept]],
      control: [[1, 1]],
      start: [0.5],
      target: [0],
      horizon: 4,
    };
    const means = linearDerivatives(oracle, [gain, drift], truncation, objective);
    const spread = linearDerivatives(
      { ...oracle, transition: [[kept ** 2]], control: [[gain]], start: [0], target: [-1] },
      [0],
      truncation,
      objective,
    );
    return means.map((row, w) => row.map(([g, d], b) => [g! + spread[w]![b]![0]!, d!]));
  },
};

const proportionalTheta = [1, -0.6] as const;

/** `s' = 0.8 s + theta_0 - theta_1 / 2`, `l = s'`, from 0: every loss is linear in theta, so theta · gradient = loss. */
export const proportionalSystem: Omit<AnalyticTask, "derivatives"> & {
  /** What the window of `steps` steps after `first` adds to the objective. */
  loss(first: number, steps: number, objective: Objective): number;
} = {
  name: "proportionalSystem",
  problem: defineProblem({
    name: "proportionalSystem",
    horizon: 6,
    init: () => np.zeros([]),
    step(theta: Tensor, s: Tensor) {
      const next = s.mul(0.8).add(theta.slice(0)).sub(theta.slice(1).mul(0.5));
      return { state: next, loss: next };
    },
    finalLoss: (_theta, s: Tensor) => s,
  }) as Problem<Tensor, unknown, unknown>,
  theta: proportionalTheta,
  horizon: 6,
  truncation: 2,
  loss(first, steps, objective) {
    const drive = proportionalTheta[0] - proportionalTheta[1] / 2;
    let [s, sum] = [0, 0];
    for (let t = 1; t <= first + steps; t++) {
      s = 0.8 * s + drive;
      if (t > first) sum += s;
    }
    return objective === "sum" ? sum : s;
  },
};

/** The planar system with noise of size `amplitude` on its losses, from all three sources, that theta does not move. */
export function planarWithNoise(amplitude: number): Problem<Tensor, unknown, unknown> {
  const { problem } = planarSystem;
  const wide = { dtype: "float64" } as const;
  return defineProblem({
    name: "planarWithNoise",
    horizon: planarSystem.horizon,
    init: (theta: Tensor, key) => ({
      inner: problem.init(theta, key) as Tensor,
      offset: random.normal(key, [], wide).mul(amplitude),
    }),
    data: (key) => random.normal(key, [], wide).mul(amplitude),
    step(theta: Tensor, state: { inner: Tensor; offset: Tensor }, context) {
      const next = problem.step(theta, state.inner, context);
      const noise = random.normal(context.key, [], wide).mul(amplitude);
      return {
        state: { inner: next.state as Tensor, offset: state.offset },
        loss: next.loss.add(state.offset).add(noise).add(context.batch),
      };
    },
    finalLoss: (theta, state: { inner: Tensor; offset: Tensor }, batch) =>
      problem.finalLoss!(theta, state.inner, undefined).add(state.offset).add(batch),
  }) as Problem<Tensor, unknown, unknown>;
}

/** A nested tree with the elements of a vector of two. */
export interface NestedTheta {
  first: Tensor;
  others: { second: Tensor }[];
}

export function nest(theta: Tensor): NestedTheta {
  return {
    first: np.array(theta.data.slice(0, 1), { shape: [] }),
    others: [{ second: np.array(theta.data.slice(1), { shape: [1, 1] }) }],
  };
}

/** The problem of a task as a function of the nested tree. */
export function nestedProblem({
  problem,
}: Pick<AnalyticTask, "problem">): Problem<NestedTheta, unknown, unknown> {
  const flat = ({ first, others }: NestedTheta): Tensor =>
    np.concatenate([first.reshape([1]), others[0]!.second.reshape([1])]);
  const { theta: _, ...rest } = problem;
  return {
    ...rest,
    init: (theta, key) => problem.init(flat(theta), key),
    step: (theta, state, context) => problem.step(flat(theta), state, context),
    ...(problem.finalLoss && {
      finalLoss: (theta: NestedTheta, state: never, batch: unknown) =>
        problem.finalLoss!(flat(theta), state, batch),
    }),
  } as Problem<NestedTheta, unknown, unknown>;
}
