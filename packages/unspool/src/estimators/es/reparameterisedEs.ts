/**
 * Reparameterised evolution strategies: the gradient of the Gaussian-smoothed objective as the mean of gradients by
 * backpropagation at perturbed thetas, in place of losses weighted by perturbations.
 *
 *     ∇ E_eps L(theta + eps) = E_eps ∇L(theta + eps),     eps ~ N(0, sigma² I), in antithetic pairs
 *
 * Where the loss is smooth on the scale of sigma its variance is far below that of `fullEs` and does not grow with the size of
 * theta; where gradients explode it has their variance, which `fullEs` has not (Metz et al. 2019; the "Reparam" row of
 * Vicol, Kolter, Swersky 2023, Table 2).
 */
import { overTheta } from "../around/outerTheta.ts";
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import {
  type CheckpointPolicy,
  type Clock,
  type ForwardProgram,
  type Problem,
  type ReverseProgram,
  advance,
  emptyState,
  eraseProblem,
  firstClocks,
  initialState,
  requireProblem,
  settle,
  tick,
} from "../../unroll/index.ts";
import { type EsOptions, type EsSettings, esSettings, madeForPairs } from "./esOptions.ts";
import type { GradientEstimator } from "../estimator.ts";
import { type EsShared, pairRequest } from "./pairMembers.ts";
import { type WindowState, firstWindow, sharedBy } from "./pairWindow.ts";
import { meanOf, requireStates } from "../derivatives/tbptt.ts";
import { derivativeSettings, requireFinite } from "../derivatives/trajectory.ts";

export interface ReparameterisedEsOptions extends Pick<
  EsOptions,
  "sigma" | "pairs" | "objective" | "trajectories" | "noise" | "executor"
> {
  /** What the forward pass keeps for the backward pass. Default "all". */
  checkpoints?: CheckpointPolicy;
}

/** Names of `ReparameterisedEsOptions`. */
export const reparameterisedOptionNames = [
  "sigma",
  "pairs",
  "objective",
  "trajectories",
  "noise",
  "executor",
  "checkpoints",
] as const;

/** A member of a pair; tensors [2 pairs, …], positives first. */
interface MemberUnit {
  /** int32: index of the pair. */
  pair: Tensor;
  /** int32: +1 or -1. */
  sign: Tensor;
  clock: Clock;
}

export type ReparameterisedEsState = WindowState<MemberUnit>;

/** Perturbations of all pairs, [pairs, …]. */
interface Perturbed {
  eps: unknown;
}

interface Carry extends MemberUnit {
  state: unknown;
}

/**
 * Reparameterised ES. Needs a differentiable problem. Cost: 2 · pairs · horizon inner steps forward and backward; horizon
 * states per member, or fewer as the checkpoint policy says.
 *
 * @example
 * const estimator = reparameterisedEs(problem, { sigma: 0.1, pairs: 8 });
 */
export function reparameterisedEs<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: ReparameterisedEsOptions = {},
): GradientEstimator<Theta, ReparameterisedEsState> {
  const name = "reparameterisedEs";
  requireKnownOptions(name, options, reparameterisedOptionNames);
  requireProblem(name, problem);
  const { horizon } = problem;
  if (horizon === Infinity) {
    const hint = "Use pes or nres for a loop without an end.";
    throw new OptionError(name, "problem.horizon", horizon, "finite", hint);
  }
  const { checkpoints = "all", ...rest } = options;
  const erased = eraseProblem(problem);
  const whole = { truncation: horizon, resets: "lockstep" } as const;
  const settings = esSettings(name, erased, { ...rest, ...whole });
  const { pairs, plan, executor, lossScale, isCommon } = settings;
  const { objective = "mean" } = options;
  const derivative = derivativeSettings(name, erased, { ...whole, tasks: 2 * pairs, objective, executor });
  const [draws, gradients] = [drawProgram(settings), memberLoss(settings)];
  return overTheta(
    {
      name,
      ...madeForPairs(settings),
      init(theta, key) {
        requireStates(derivative, checkpoints, emptyState(settings.problem, theta, key));
        const twice = (leaf: Tensor): Tensor => np.concatenate([leaf, leaf]);
        const units: MemberUnit = {
          pair: twice(np.arange(pairs)),
          sign: np.concatenate([1, -1].map((sign) => np.full([pairs], sign, { dtype: "int32" }))),
          clock: tree.map(twice, firstClocks(plan, key, pairs, isCommon)),
        };
        return firstWindow(units, theta);
      },
      estimate(theta, state, key) {
        const shared = sharedBy(name, theta, key, state);
        const { units } = state;
        const { eps } = executor.forward(draws, shared, { pair: np.arange(pairs) }).each;
        const result = executor.reverse(gradients, checkpoints, theta as unknown, { eps }, units);
        const gradient = tree.map((leaf: Tensor) => leaf.mul(lossScale), result.gradient);
        requireFinite(name, result.losses, gradient, state.window);
        const { pair, sign, clock } = result.carry;
        return {
          loss: meanOf(result.losses) * lossScale,
          gradient: gradient as Theta,
          state: {
            ...state,
            units: { pair, sign, clock: settle(plan, clock) },
            window: state.window + 1,
          },
          metrics: { innerSteps: 2 * pairs * horizon },
        };
      },
    },
    settings.gaussianSigma,
  );
}

type DrawProgram = ForwardProgram<EsShared, { pair: Tensor }, object, object, object, object, Perturbed>;

/** The perturbations of an estimate, drawn as those of `fullEs` are: a program without a loop. */
function drawProgram({ name, noise }: EsSettings): DrawProgram {
  return {
    name: `${name} perturbations`,
    length: 0,
    begin: () => ({ members: [], kept: {} }),
    step: (_shared, _constant, carry) => carry,
    finish: (shared, unit) => ({
      unit,
      mean: {},
      each: { eps: noise(shared.theta, pairRequest(shared, unit.pair)) },
    }),
  };
}

/** The losses of one member at its own theta. */
function memberLoss(settings: EsSettings): ReverseProgram<unknown, Perturbed, MemberUnit, Carry> {
  const { name, problem, plan } = settings;
  const perturbed = (theta: unknown, { eps }: Perturbed, { pair, sign }: MemberUnit): unknown =>
    tree.map(
      (leaf: Tensor, draws: Tensor) => leaf.add(np.take(draws, pair, 0).mul(sign.astype(leaf.dtype))),
      theta,
      eps,
    );
  return {
    name,
    length: plan.truncation,
    begin(theta, shared, { pair, sign, clock }) {
      const at = perturbed(theta, shared, { pair, sign, clock });
      return { pair, sign, clock, state: initialState(problem, at, clock.key) };
    },
    step(theta, shared, { pair, sign, clock, state }) {
      const at = perturbed(theta, shared, { pair, sign, clock });
      const next = advance(problem, at, state, clock.t, clock.key);
      return {
        carry: { pair, sign, clock: tick(plan, clock).clock, state: next.state },
        loss: next.loss,
      };
    },
  };
}
