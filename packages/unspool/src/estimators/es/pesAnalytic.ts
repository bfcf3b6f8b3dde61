/**
 * PES with an analytic gradient for the present window: the part of PES that perturbs and weighs within one window
 * is replaced by the TBPTT gradient p of a mean trajectory; earlier windows keep their accumulated perturbations.
 *
 *     g = p + 1/(2 N sigma²) · sum over 2N particles of xi_{w-1} (L - eps_w · p),   then xi_w = xi_{w-1} + eps_w
 *
 * Unbiased for quadratic losses; elsewhere p at the mean state is not the smoothed gradient, a small bias.
 *
 * Vicol, Metz, Sohl-Dickstein 2021 (PES-Analytic). Pairs and mean trajectory share initial states and data.
 */
import { overTheta } from "../around/outerTheta.ts";
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import {
  type Clock,
  type Problem,
  endsTrajectory,
  eraseProblem,
  firstClocks,
  settle,
} from "../../unroll/index.ts";
import { type EsOptions, type EsSettings, esSettings, madeForPairs } from "./esOptions.ts";
import { type PairProgram, guard, pairLosses } from "./pairLosses.ts";
import { type EsShared, memberStep, pairRequest } from "./pairMembers.ts";
import type { PairEstimator } from "../estimator.ts";
import { repeat } from "./noise.ts";
import {
  type WindowState,
  firstWindow,
  isAnyFresh,
  pairThetas,
  restart,
  runWindow,
  sameLeaves,
  sharedBy,
  twoMembers,
  unstarted,
} from "./pairWindow.ts";
import { windowLoss } from "../derivatives/tbptt.ts";
import {
  type TaskStart,
  derivativeSettings,
  firstTasks,
  requireEdges,
  requireFinite,
} from "../derivatives/trajectory.ts";

export type PesAnalyticOptions = Omit<
  EsOptions,
  "resets" | "trajectories" | "isDividedByStd" | "differences"
>;

interface Shared extends EsShared {
  /** Gradient of the window's summed loss at the mean trajectory, float64. */
  analytic: unknown;
}

interface Unit {
  pair: Tensor;
  clock: Clock;
  plus: unknown;
  minus: unknown;
  xi: unknown;
}

export interface PesAnalyticState extends WindowState<Unit> {
  /** The mean trajectory. */
  mean: TaskStart;
}

/** PES-Analytic. Needs a differentiable problem. Cost: `pes` and one window of `tbptt`. */
export function pesAnalytic<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: PesAnalyticOptions = {},
): PairEstimator<Theta, PesAnalyticState> {
  requireKnownOptions("pesAnalytic", options, [
    "truncation",
    "objective",
    "executor",
    "sigma",
    "pairs",
    "nanPolicy",
    "noise",
    "keepsPairs",
  ]);
  const name = "pesAnalytic";
  const erased = eraseProblem(problem);
  const settings = esSettings(name, erased, { ...options, resets: "lockstep", trajectories: "common" });
  const { objective = "mean" } = options;
  const derivative = derivativeSettings(name, erased, {
    truncation: settings.plan.truncation,
    objective,
    executor: settings.executor,
  });
  requireEdges(derivative);
  if (options.nanPolicy === "zero") {
    throw new OptionError(
      name,
      "nanPolicy",
      "zero",
      '"error"',
      "The analytic part has no particles to leave out.",
    );
  }
  const [starting, going] = [windowLoss(derivative, true), windowLoss(derivative, false)];
  const programs = {
    window: windowProgram(settings),
    restart: restart<Shared, Unit>(settings, (shared, unit) =>
      pairThetas(shared, draw(settings, shared, unit)),
    ),
  };
  return overTheta(
    {
      name,
      ...madeForPairs(settings),
      init(theta, key) {
        const { pairs, plan } = settings;
        const states = unstarted(settings, theta, key);
        const units = {
          pair: np.arange(pairs),
          clock: firstClocks(plan, key, pairs, true),
          plus: states,
          minus: states,
          xi: repeat(tree.zerosLike(theta, "float64"), pairs),
        };
        return { ...firstWindow(units, theta), mean: firstTasks(derivative, theta, key) };
      },
      estimate(theta, state, key) {
        const { executor, plan, pairs, lossScale } = settings;
        const shared = sharedBy(name, theta, key, state);
        const program = isAnyFresh(state.units.clock) ? starting : going;
        const mean = executor.reverse(program, "all", theta as unknown, {}, state.mean);
        requireFinite(name, mean.losses, mean.gradient, state.window);
        const analytic = tree.astype(mean.gradient, "float64");
        const estimate = runWindow<Theta, Shared, Unit, { eps: unknown }>(
          settings,
          programs,
          { ...shared, analytic },
          state,
        );
        const { clock, state: meanState } = mean.carry;
        return {
          loss: estimate.loss,
          gradient: tree.add(tree.scale(mean.gradient, lossScale), estimate.gradient) as Theta,
          state: {
            ...estimate.state,
            mean: { task: state.mean.task, clock: settle(plan, clock), state: meanState },
          },
          ...(estimate.info && { info: estimate.info }),
          metrics: { ...estimate.metrics, innerSteps: (2 * pairs + 1) * plan.truncation },
        };
      },
    },
    settings.gaussianSigma,
  );
}

function draw(settings: EsSettings, shared: EsShared, { pair }: Unit): unknown {
  return settings.noise(shared.theta, pairRequest(shared, pair));
}

function windowProgram(settings: EsSettings): PairProgram<Shared, Unit, { eps: unknown }> {
  const factor = settings.lossScale / (2 * settings.sigma ** 2);
  return {
    name: settings.name,
    length: settings.plan.truncation,
    sameForAll: sameLeaves(settings),
    begin(shared, unit) {
      const eps = draw(settings, shared, unit);
      return { members: twoMembers(shared, eps, unit), kept: { eps } };
    },
    step: (shared, constant, carry) => memberStep(settings, shared, constant, carry),
    finish(shared, unit, members, { eps }) {
      const { statistics, losses } = pairLosses(settings, members);
      const [plus, minus] = members.map(({ carry }) => carry.before) as [Tensor, Tensor];
      const corrected = plus.sub(minus).sub(tree.dot(eps, shared.analytic).mul(2));
      const weighted = tree.scale(unit.xi, corrected.mul(factor));
      const analytic = tree.scale(shared.analytic, settings.lossScale);
      const { clock } = members[0]!.carry;
      const hasEnded = endsTrajectory(settings.plan, clock);
      return {
        unit: {
          pair: unit.pair,
          clock,
          plus: members[0]!.carry.state,
          minus: members[1]!.carry.state,
          xi: tree.select(hasEnded, tree.zerosLike(unit.xi), tree.add(unit.xi, eps)),
        },
        mean: { gradient: guard(settings, losses, weighted), statistics },
        each: { losses, ...(settings.keepsPairs && { gradient: tree.add(weighted, analytic) }) },
      };
    },
  };
}
