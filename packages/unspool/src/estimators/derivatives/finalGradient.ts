/**
 * The exact gradient of the loss at the end of a trajectory. The last state s_T is computed first, and with it what the final
 * loss F wants of it; then the trajectory is differentiated once more, with the product of the two in place of losses:
 *
 *     dF/dtheta = ∂F/∂theta + ∂F/∂s · ds_T/dtheta,     ∂F/∂s constant
 *
 * so that F, whose batch may be large, is computed once and not in every step.
 */
import { overTheta } from "../around/outerTheta.ts";
import { type Tensor, np, tree, vjp } from "../../array/index.ts";
import {
  type CheckpointPolicy,
  type Clock,
  type ForwardProgram,
  type ReverseProgram,
  advance,
  emptyState,
  finalLossOf,
  settle,
  splitFloats,
  tick,
} from "../../unroll/index.ts";
import type { GradientEstimator } from "../estimator.ts";
import { firstOf } from "../es/pairWindow.ts";
import { repeat } from "../es/noise.ts";
import { type TbpttState, meanOf, requireStates } from "./tbptt.ts";
import { type DerivativeSettings, type TaskStart, enter, firstTasks, requireFinite } from "./trajectory.ts";

/** What the reverse pass is given besides theta: ∂F/∂s of each task, leaves [tasks, …]. */
interface Cotangents {
  cotangent: Tensor[];
}

type Carry = { clock: Clock; state: unknown; task: Tensor };

type EndProgram = ForwardProgram<
  { theta: unknown },
  TaskStart,
  object,
  object,
  { clock: Clock; state: unknown },
  { direct: unknown },
  Cotangents & { loss: Tensor }
>;

/** BPTT of the final loss. */
export function finalGradient<Theta>(
  settings: DerivativeSettings,
  checkpoints: CheckpointPolicy,
): GradientEstimator<Theta, TbpttState> {
  const { name, problem, executor, tasks, plan } = settings;
  const [forward, reverse] = [endProgram(settings), towardsEnd(settings)];
  return overTheta({
    name,
    init(theta, key) {
      requireStates(settings, checkpoints, emptyState(problem, theta, key));
      return { units: firstTasks(settings, theta, key), theta: repeat(theta, 1), window: 0 };
    },
    estimate(theta, state) {
      tree.requireSame(name, "theta", firstOf(state.theta), theta);
      const { units } = state;
      const { mean, each } = executor.forward(forward, { theta: theta as unknown }, units);
      const { cotangent, loss } = each;
      const through = executor.reverse(reverse, checkpoints, theta as unknown, { cotangent }, units);
      const gradient = tree.map(
        (a: Tensor, b: Tensor) => a.add(b.astype(a.dtype)),
        through.gradient,
        mean.direct,
      );
      requireFinite(name, loss, gradient, state.window);
      const { clock, state: last } = through.carry;
      return {
        loss: meanOf(loss),
        gradient: gradient as Theta,
        state: {
          ...state,
          units: { task: units.task, clock: settle(plan, clock), state: last },
          window: state.window + 1,
        },
        metrics: { innerSteps: 2 * tasks * plan.truncation },
      };
    },
  });
}

/** Forward to the end: the final loss, what it wants of the last state, and what theta does in it directly. */
function endProgram({ name, problem, plan }: DerivativeSettings): EndProgram {
  return {
    name: `${name} end`,
    length: plan.truncation,
    begin: ({ theta }, { clock, state }) => ({
      members: [{ constant: {}, carry: { clock, state: enter(problem, theta, clock, state) } }],
      kept: {},
    }),
    step({ theta }, _constant, { clock, state }) {
      const next = advance(problem, theta, state, clock.t, clock.key);
      return { clock: tick(plan, clock).clock, state: next.state };
    },
    finish({ theta }, unit, members) {
      const { clock, state } = members[0]!.carry;
      const { floats, rebuild } = splitFloats(state);
      const lossAt = (at: unknown, moved: Tensor[]): Tensor =>
        finalLossOf(problem, at, rebuild(moved), clock.key);
      const loss = lossAt(theta, floats);
      const [, [direct, cotangent]] = vjp(lossAt, [theta, floats], np.onesLike(loss));
      return { unit, mean: { direct }, each: { cotangent, loss: loss.astype("float64") } };
    },
  };
}

/** The trajectory again; the loss of its last step is the product of ∂F/∂s and the last state, that of others 0. */
function towardsEnd(settings: DerivativeSettings): ReverseProgram<unknown, Cotangents, TaskStart, Carry> {
  const { problem, plan, name } = settings;
  return {
    name,
    length: plan.truncation,
    begin: (theta, _shared, { task, clock, state }) => ({
      task,
      clock,
      state: enter(problem, theta, clock, state),
    }),
    step(theta, { cotangent }, { task, clock, state }, k) {
      const next = advance(problem, theta, state, clock.t, clock.key);
      const products = splitFloats(next.state).floats.map((leaf, i) =>
        np.take(cotangent[i]!, task, 0).mul(leaf).sum().astype(next.loss.dtype),
      );
      const none = np.zerosLike(next.loss);
      const product = products.reduce((sum, part) => sum.add(part), none);
      const isLast = k.equal(tree.scalar(plan.truncation - 1, "int32"));
      return {
        carry: { task, clock: tick(plan, clock).clock, state: next.state },
        loss: np.where(isLast, product, none),
      };
    },
  };
}
