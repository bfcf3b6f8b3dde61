/** How well a design does under a controller, and what happens: trajectories without derivatives. */
import { type Key, type Tensor, np, random, scan, tree, vmap } from "../../array/index.ts";
import { NonFiniteError, OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import { requireDesign, requireScalar, requireTask, requireTaskAndPolicy } from "./designChecks.ts";
import type { DesignTask } from "./designTask.ts";
import type { DesignPolicy } from "./policies/policy.ts";
import { type DesignTheta, stopped } from "./trajectories.ts";

/** An action from design, state, step (int32 scalar) and key: rules read the state itself. Traced. */
export type DesignController<State = Tensor> = (design: Tensor, state: State, t: Tensor, key: Key) => Tensor;

export interface EvaluateDesignOptions {
  /** Default 64. */
  trajectories?: number;
  /** Of evaluations that are given none. Default `random.key(0)`: two designs are then held against each other under the same disturbances. */
  key?: Key;
}

export interface DesignEvaluation<State = Tensor> {
  /** Mean of the scaled returns, and its standard error. */
  meanReturn: number;
  standardError: number;
  /** Scaled returns, [trajectories]. */
  returns: Tensor;
  /** Before each step, [T, trajectories, …]. */
  states: State;
  /** [T, trajectories, …]. */
  actions: Tensor;
  /** Scaled, [T, trajectories]. */
  rewards: Tensor;
}

/**
 * A function that evaluates designs under one controller; it is compiled once.
 *
 * @example
 * const evaluate = designEvaluator(microgrid(), baseLoadRule);
 * evaluate(np.array([127.8, 95.73, 4.64])).meanReturn; // about 46.8
 */
export function designEvaluator<State>(
  task: DesignTask<State>,
  controller: DesignController<State>,
  options: EvaluateDesignOptions = {},
): (design: Tensor, key?: Key) => DesignEvaluation<State> {
  const { trajectories, key } = checked("designEvaluator", options);
  requireTask("designEvaluator", task);
  if (typeof controller !== "function")
    throw new OptionError(
      "designEvaluator",
      "controller",
      controller,
      "a function of design, state, step and key",
    );
  const run = compiled("design.evaluate", (design: Tensor, own: Key) =>
    simulate(task, controller, design, own, trajectories),
  );
  return (design, own = key) => {
    requireDesign("designEvaluator", task, design, "the design");
    return summarised("designEvaluator", run(design, own));
  };
}

/**
 * A function that evaluates design and policy together; it is compiled once. Actions are drawn, as in training.
 *
 * @example
 * const { meanReturn, states } = policyEvaluator(task, policy)(theta);
 */
export function policyEvaluator<State, Theta>(
  task: DesignTask<State>,
  policy: DesignPolicy<Theta>,
  options: EvaluateDesignOptions = {},
): (theta: DesignTheta<Theta>, key?: Key) => DesignEvaluation<State> {
  const { trajectories, key } = checked("policyEvaluator", options);
  requireTaskAndPolicy("policyEvaluator", task, policy);
  const run = compiled("design.evaluate", (theta: DesignTheta<Theta>, own: Key) => {
    const controller: DesignController<State> = (_design, state, t, actionKey) =>
      policy.sample(theta.policy, task.observe(state, t), actionKey);
    return simulate(task, controller, theta.design, own, trajectories);
  });
  return (theta, own = key) => {
    requireDesign("policyEvaluator", task, theta?.design);
    return summarised("policyEvaluator", run(theta, own));
  };
}

function checked(where: string, options: EvaluateDesignOptions): Required<EvaluateDesignOptions> {
  requireKnownOptions(where, options, ["trajectories", "key"]);
  const { trajectories = 64, key = random.key(0) } = options;
  requireInteger(where, "trajectories", trajectories, 1);
  return { trajectories, key };
}

type Simulated<State> = Pick<DesignEvaluation<State>, "states" | "actions" | "rewards">;

function simulate<State>(
  task: DesignTask<State>,
  controller: DesignController<State>,
  design: Tensor,
  key: Key,
  count: number,
): Simulated<State> {
  const keys = vmap((b: Tensor) => random.foldIn(key, b))(np.arange(count, { dtype: "int32" }));
  const begin = (own: Key): State =>
    tree.tensors(task.initialState(design, random.foldIn(own, "start")), tree.floatType(design)) as State;
  const step = (states: State, _: unknown, t: Tensor): [State, Simulated<State>] => {
    const [next, made] = vmap((state: State, own: Key): [State, Simulated<State>] => {
      const at = random.foldIn(random.foldIn(own, "step"), t);
      const actions = controller(design, state, t, random.foldIn(at, "action"));
      const xi = task.disturbance.sample(design, state, actions, random.foldIn(at, "disturbance"));
      const rewards = task.reward(design, state, actions, xi);
      requireScalar(task.name, "task.reward", rewards);
      return [task.dynamics(design, state, actions, xi), { states: state, actions, rewards }];
    })(states, keys);
    return [next, made];
  };
  return stopped(scan(step, vmap(begin)(keys), null, { length: task.horizon })[1]);
}

function summarised<State>(where: string, made: Simulated<State>): DesignEvaluation<State> {
  requireFiniteRewards(where, made.rewards);
  const returns = made.rewards.sum(0);
  const [numbers, count] = [Array.from(returns.data, Number), returns.size];
  const meanReturn = numbers.reduce((sum, x) => sum + x, 0) / count;
  const variance = numbers.reduce((sum, x) => sum + (x - meanReturn) ** 2, 0) / Math.max(1, count - 1);
  return { ...made, returns, meanReturn, standardError: Math.sqrt(variance / count) };
}

/** Throws `NonFiniteError` with the step and the trajectory of the first of rewards [T, trajectories] that is not finite. */
function requireFiniteRewards(where: string, rewards: Tensor): void {
  const at = rewards.data.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return;
  const count = rewards.shape[1]!;
  const [step, trajectory] = [Math.floor(at / count), at % count];
  const problem = `the reward of step ${step} is ${rewards.data[at]} in trajectory ${trajectory} of ${count}.`;
  throw new NonFiniteError(where, problem, { quantity: "reward", step, trajectory });
}
