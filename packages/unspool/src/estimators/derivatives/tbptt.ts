/**
 * Truncated backpropagation through time: the gradient of each window with its incoming state held constant.
 * Biased wherever theta acts on the loss through earlier windows.
 *
 *     g = mean over tasks of d L_w(theta; stop(s)) / d theta
 *
 * Williams and Peng 1990; baseline of Vicol, Metz, Sohl-Dickstein 2021.
 */
import { overTheta } from "../around/outerTheta.ts";
import { requireMemory } from "../../sizes.ts";
import { bytesOf } from "../unitMemory.ts";
import { requireKnownOptions } from "../../errors.ts";
import { type Tensor, tree } from "../../array/index.ts";
import {
  type CheckpointPolicy,
  type Clock,
  type Problem,
  type ReverseProgram,
  advance,
  emptyState,
  eraseProblem,
  settle,
  tick,
} from "../../unroll/index.ts";
import type { GradientEstimator } from "../estimator.ts";
import { firstOf } from "../es/pairWindow.ts";
import { repeat } from "../es/noise.ts";
import {
  type DerivativeOptions,
  type DerivativeSettings,
  type TaskStart,
  derivativeSettings,
  enter,
  firstTasks,
  madeForTasks,
  requireEdges,
  requireFinite,
  derivativeOptionNames,
} from "./trajectory.ts";

export interface TbpttOptions extends DerivativeOptions {
  /** What the forward pass keeps for the backward pass. Default "all". */
  checkpoints?: CheckpointPolicy;
}

export interface TbpttState {
  units: TaskStart;
  /** Shapes of theta. */
  theta: unknown;
  window: number;
}

/**
 * TBPTT. Cost: tasks · truncation inner steps forward and backward; truncation states per task, or fewer as the
 * checkpoint policy says.
 */
export function tbptt<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: TbpttOptions = {},
): GradientEstimator<Theta, TbpttState> {
  requireKnownOptions("tbptt", options, [...derivativeOptionNames, "checkpoints"]);
  const settings = derivativeSettings("tbptt", eraseProblem(problem), options);
  requireEdges(settings);
  return windowGradient(settings, options.checkpoints ?? "all", false);
}

/** TBPTT and BPTT: gradients of windows; through the initial state too if `isWhole`. */
export function windowGradient<Theta>(
  settings: DerivativeSettings,
  checkpoints: CheckpointPolicy,
  isWhole: boolean,
): GradientEstimator<Theta, TbpttState> {
  const { name, problem, executor, lossScale, tasks, plan } = settings;
  const [starting, going] = [windowLoss(settings, true), windowLoss(settings, false)];
  return overTheta({
    name,
    ...madeForTasks(settings),
    init(theta, key) {
      requireStates(settings, checkpoints, emptyState(problem, theta, key));
      return { units: firstTasks(settings, theta, key), theta: repeat(theta, 1), window: 0 };
    },
    estimate(theta, state) {
      tree.requireSame(name, "theta", firstOf(state.theta), theta);
      const { units } = state;
      const program = isWhole || units.clock.t.data.includes(0) ? starting : going;
      const result = executor.reverse(program, checkpoints, theta as unknown, {}, units);
      const gradient = tree.map((leaf) => leaf.mul(lossScale), result.gradient);
      requireFinite(name, result.losses, gradient, state.window);
      return {
        loss: meanOf(result.losses) * lossScale,
        gradient: gradient as Theta,
        state: {
          ...state,
          units: { task: units.task, clock: settle(plan, result.carry.clock), state: result.carry.state },
          window: state.window + 1,
        },
        metrics: { innerSteps: tasks * plan.truncation },
      };
    },
  });
}

/** Throws `OptionError` if the states that the backward pass needs cannot be held. */
export function requireStates(
  { name, plan, tasks }: DerivativeSettings,
  checkpoints: CheckpointPolicy,
  state: unknown,
): void {
  const { truncation } = plan;
  const all = { all: truncation, sqrt: 2 * Math.ceil(Math.sqrt(truncation)) };
  const states = typeof checkpoints === "string" ? all[checkpoints] : checkpoints.states;
  const isAll = checkpoints === "all";
  requireMemory({
    where: name,
    option: name === "bptt" ? "problem.horizon" : "truncation",
    given: truncation,
    // Besides the states the plan of the backward pass, an action for each step.
    bytes: tasks * states * (bytesOf(state) + 64) + truncation * 64,
    of: `the ${states} states that the backward pass keeps for each task`,
    hint: isAll ? 'Use checkpoints: "sqrt", or a shorter truncation.' : "Use a shorter truncation.",
  });
}

export function meanOf(losses: Tensor): number {
  let sum = 0;
  for (const loss of losses.data) sum += loss;
  return sum / losses.size;
}

type Carry = { clock: Clock; state: unknown };

export function windowLoss(
  settings: DerivativeSettings,
  isStarting: boolean,
): ReverseProgram<unknown, object, TaskStart, Carry> {
  const { problem, plan, name } = settings;
  return {
    name,
    length: plan.truncation,
    begin: (theta, _shared, { clock, state }) => ({
      clock,
      state: isStarting ? enter(problem, theta, clock, state) : state,
    }),
    step(theta, _shared, { clock, state }) {
      const next = advance(problem, theta, state, clock.t, clock.key);
      return { carry: { clock: tick(plan, clock).clock, state: next.state }, loss: next.loss };
    },
  };
}
