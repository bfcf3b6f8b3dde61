/**
 * A system that is sized together with its controller: equations known up to a design psi, which lies in a box.
 *
 *     s_0 ~ P_0,   a_t ~ pi(. | s_t),   xi_t ~ P_psi(. | s_t, a_t),   r_t = rho_psi(s_t, a_t, xi_t),   s_{t+1} = f_psi(s_t, a_t, xi_t)
 *
 * for t = 0 … T - 1. Bolland, Boukas, Berger and Ernst, "Jointly Learning Environments and Control Policies with Projected
 * Stochastic Gradient Ascent", JAIR 73, 2022. All functions are of ONE trajectory and traced.
 */
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";

/** What the system does by itself: random, with a density that is known. */
export interface Disturbance<State = Tensor> {
  /**
   * xi ~ P_psi(. | s, a). For `disturbance: "reparam"` it must be a differentiable function of its arguments at a fixed key.
   */
  sample(design: Tensor, state: State, action: Tensor, key: Key): Tensor;
  /** log P_psi(xi | s, a), a scalar: the sum where xi has several numbers. */
  logProb(design: Tensor, state: State, action: Tensor, disturbance: Tensor): Tensor;
}

export interface DesignTaskOptions<State = Tensor> {
  /** Default "designTask". */
  name?: string;
  /** Steps of a trajectory, T. */
  horizon: number;
  /** s_0. */
  initialState(design: Tensor, key: Key): State;
  /** f: the state after a step. */
  dynamics(design: Tensor, state: State, action: Tensor, disturbance: Tensor): State;
  /** rho: the reward of a step, a scalar. */
  reward(design: Tensor, state: State, action: Tensor, disturbance: Tensor): Tensor;
  /** Default: none, and functions are given the number 0 in its place. */
  disturbance?: Disturbance<State>;
  /** How many actions there are, where they are numbered: a policy of others is refused. Default: actions are vectors. */
  actions?: number;
  /** Least and largest value of each number of the design. */
  designBox: readonly [low: readonly number[], high: readonly number[]];
  /** What a number of the design is called. Default "design 0", …. */
  designNames?: readonly string[];
  /** The optimizer sees design / designScale. Default 1. */
  designScale?: readonly number[];
  /** Returns are sums of (r + shift) / scale. Default: no shift, scale 1. */
  rewardScale?: { shift?: number; scale?: number };
  /** What the policy sees of a state, [n]. Default: the state itself, which then has to be a vector. */
  observe?(state: State): Tensor;
  /** Whether t / T is appended to what `observe` gives. Default true. */
  hasTime?: boolean;
}

export interface DesignTask<State = Tensor> {
  readonly name: string;
  readonly horizon: number;
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly designNames: readonly string[];
  readonly designScale: readonly number[];
  readonly rewardScale: { readonly shift: number; readonly scale: number };
  /** Numbered actions, where there are such. */
  readonly actions?: number;
  initialState(design: Tensor, key: Key): State;
  dynamics(design: Tensor, state: State, action: Tensor, disturbance: Tensor): State;
  /** Scaled, unlike that of the options. */
  reward(design: Tensor, state: State, action: Tensor, disturbance: Tensor): Tensor;
  readonly disturbance: Disturbance<State>;
  /** What the policy sees at step t (int32 scalar), [n]. */
  observe(state: State, t: Tensor): Tensor;
}

const where = "designTask";

const none: Disturbance<unknown> = {
  sample: (design) => np.zeros([], { dtype: tree.floatType(design) }),
  logProb: (design) => np.zeros([], { dtype: tree.floatType(design) }),
};

/**
 * A checked task.
 *
 * Throws `OptionError` for a box whose sides do not fit, a scale of another length, and a horizon below 1.
 *
 * @example
 * // How strong a spring should be that a random push is damped by: x' = a x + u + xi, with a price on a.
 * const task = designTask({
 *   horizon: 20,
 *   designBox: [[0.1], [0.99]],
 *   initialState: (_, key) => random.normal(key, [1]),
 *   dynamics: (a, x, u, xi) => x.mul(a).add(u).add(xi),
 *   reward: (a, x) => x.mul(x).sum().add(np.log(a).mul(0.1).sum()).neg(),
 *   disturbance: {
 *     sample: (_, x, __, key) => random.normal(key, [1]).mul(0.1),
 *     logProb: (_, x, __, xi) => xi.mul(xi).sum().mul(-0.5 / 0.1 ** 2),
 *   },
 * });
 */
export function designTask<State = Tensor>(options: DesignTaskOptions<State>): DesignTask<State> {
  requireKnownOptions(where, options, [
    "name",
    "horizon",
    "initialState",
    "dynamics",
    "reward",
    "disturbance",
    "actions",
    "designBox",
    "designNames",
    "designScale",
    "rewardScale",
    "observe",
    "hasTime",
  ]);
  const { name = where, horizon, designBox, hasTime = true } = options;
  requireInteger(where, "horizon", horizon, 1);
  const { actions, disturbance = none } = options;
  if (actions !== undefined) requireInteger(where, "actions", actions, 2);
  requireDisturbance(disturbance);
  const [low, high] = requireBox(designBox);
  const designNames = options.designNames ?? low.map((_, i) => `design ${i}`);
  requireLength("designNames", designNames, low.length);
  const designScale = options.designScale ?? low.map(() => 1);
  requireLength("designScale", designScale, low.length);
  designScale.forEach((scale, i) => requirePositive(where, `designScale[${i}]`, scale));
  const { shift = 0, scale = 1 } = options.rewardScale ?? {};
  if (!Number.isFinite(shift)) throw new OptionError(where, "rewardScale.shift", shift, "a finite number");
  requirePositive(where, "rewardScale.scale", scale);
  const isScaled = shift !== 0 || scale !== 1;
  return {
    ...{ name, horizon, low, high, designNames, designScale, rewardScale: { shift, scale } },
    initialState: (design, key) => options.initialState(design, key),
    dynamics: (design, state, action, xi) => options.dynamics(design, state, action, xi),
    reward(design, state, action, xi) {
      const reward = options.reward(design, state, action, xi);
      return isScaled ? reward.add(shift).div(scale) : reward;
    },
    disturbance,
    ...(actions !== undefined && { actions }),
    observe(state, t) {
      const seen = options.observe === undefined ? asVector(state) : options.observe(state);
      if (!hasTime) return seen;
      return np.concatenate([seen, t.astype(seen.dtype).div(horizon).reshape([1])]) as Tensor;
    },
  };
}

function requireDisturbance(given: unknown): void {
  if (typeof (given as { sample?: unknown } | null)?.sample === "function") return;
  const hint = "logProb is asked for where its score is taken, which is the default.";
  throw new OptionError(where, "disturbance", given, "a record { sample, logProb }", hint);
}

function asVector(state: unknown): Tensor {
  const leaves = tree.leaves(state);
  if (leaves.length === 1 && leaves[0]!.ndim <= 1) return leaves[0]!.reshape([leaves[0]!.size]);
  const given = leaves.map(String).join(", ");
  throw new OptionError(where, "observe", undefined, `given where a state is no vector (here: ${given})`);
}

function requireBox(box: unknown): readonly [readonly number[], readonly number[]] {
  const [low, high] =
    Array.isArray(box) && box.length === 2 ? (box as [unknown, unknown]) : [undefined, undefined];
  if (!isNumbers(low) || !isNumbers(high) || low.length === 0) {
    throw new OptionError(where, "designBox", box, "two lists of finite numbers, [low, high]");
  }
  requireLength("designBox[1]", high, low.length);
  low.forEach((least, i) => {
    if (least <= high[i]!) return;
    throw new OptionError(
      where,
      `designBox[1][${i}]`,
      high[i],
      `at least designBox[0][${i}] = ${least}`,
      "Write [low, high].",
    );
  });
  return [[...low], [...high]];
}

const isNumbers = (list: unknown): list is readonly number[] =>
  Array.isArray(list) && list.every(Number.isFinite);

function requireLength(option: string, list: readonly unknown[], length: number): void {
  if (list.length === length) return;
  throw new OptionError(where, option, list, `a list of ${length}, one for each number of the design`);
}
