/**
 * Telescoping PES: the gradient of the loss at the END of a trajectory, from windows. The final loss is the sum of
 * the differences p_w = Lend_w - Lend_{w-1} of the evaluation loss at window edges (Lend_0 = 0).
 *
 *     g_w = 1/(2 sigma²) · mean over pairs of  xi_w (Lend+_w - Lend-_w) - xi_{w-1} (Lend+_{w-1} - Lend-_{w-1})
 *
 * which equals xi_w (p+_w - p-_w) in mean and has less variance, because Lend_{w-1} does not depend on eps_w.
 *
 * Vicol, Metz, Sohl-Dickstein 2021 (released code); Vicol, Kolter, Swersky 2023, equation 6.
 */
import { overTheta } from "../around/outerTheta.ts";
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import {
  type Clock,
  type Problem,
  endsTrajectory,
  eraseProblem,
  finalLossOf,
  firstClocks,
  requireFinalLoss,
  requireProblem,
} from "../../unroll/index.ts";
import { type EsOptions, type EsSettings, esSettings } from "./esOptions.ts";
import { differenceWeight } from "./lossDifference.ts";
import { type PairProgram, guard, lossStatistics, pairResults } from "./pairLosses.ts";
import { type EsShared, memberStep, pairRequest } from "./pairMembers.ts";
import type { PairEstimator } from "../estimator.ts";
import { repeat } from "./noise.ts";
import {
  type WindowState,
  firstWindow,
  pairThetas,
  restart,
  runWindow,
  sameLeaves,
  sharedBy,
  twoMembers,
  unstarted,
  windowRecurrence,
} from "./pairWindow.ts";

export interface TelescopingPesOptions extends Omit<EsOptions, "objective"> {
  /** "separate" (default) has less variance; "joint" weighs the plain difference p_w by xi_w. */
  weighting?: "separate" | "joint";
}

interface TelescopingUnit {
  pair: Tensor;
  clock: Clock;
  plus: unknown;
  minus: unknown;
  /** Sum of the perturbations of this trajectory, float64. */
  xi: unknown;
  /** Lend+ - Lend- at the end of the window before, float64. */
  previous: Tensor;
}

export type TelescopingState = WindowState<TelescopingUnit>;

/**
 * Telescoping PES. The problem needs `finalLoss`, evaluated on a batch that is drawn once per trajectory. Cost:
 * `pes` and two evaluations of the final loss per pair and window.
 */
export function telescopingPes<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: TelescopingPesOptions = {},
): PairEstimator<Theta, TelescopingState> {
  requireKnownOptions("telescopingPes", options, [
    "weighting",
    "truncation",
    "resets",
    "executor",
    "sigma",
    "pairs",
    "isDividedByStd",
    "nanPolicy",
    "trajectories",
    "noise",
    "differences",
    "keepsPairs",
  ]);
  const name = "telescopingPes";
  requireProblem(name, problem);
  requireFinalLoss(name, problem);
  const { weighting = "separate", ...rest } = options;
  const settings = esSettings(name, eraseProblem(problem), { ...rest, objective: "sum" });
  if (settings.plan.mode !== "edge") {
    throw new OptionError(
      name,
      "truncation",
      settings.plan.truncation,
      `a divisor of a finite horizon (${problem.horizon}), with trajectories of fixed length`,
    );
  }
  const programs = {
    window: windowProgram(settings, weighting === "joint"),
    restart: restart<EsShared, TelescopingUnit>(settings, (shared, unit) =>
      pairThetas(shared, draw(settings, shared, unit)),
    ),
  };
  const recurrence = windowRecurrence(settings, programs);
  return overTheta(
    {
      name,
      ...(recurrence && { recurrence }),
      init(theta, key) {
        const { pairs, plan, isCommon } = settings;
        const state = unstarted(settings, theta, key);
        const units = {
          pair: np.arange(pairs),
          clock: firstClocks(plan, key, pairs, isCommon),
          plus: state,
          minus: state,
          xi: repeat(tree.zerosLike(theta, "float64"), pairs),
          previous: np.zeros([pairs], { dtype: "float64" }),
        };
        return firstWindow(units, theta);
      },
      estimate: (theta, state, key) =>
        runWindow(settings, programs, sharedBy(name, theta, key, state), state),
    },
    settings.gaussianSigma,
  );
}

function draw(settings: EsSettings, shared: EsShared, { pair }: TelescopingUnit): unknown {
  return settings.noise(shared.theta, pairRequest(shared, pair));
}

function windowProgram(
  settings: EsSettings,
  isJoint: boolean,
): PairProgram<EsShared, TelescopingUnit, { xi: unknown }> {
  return {
    name: settings.name,
    length: settings.plan.truncation,
    sameForAll: sameLeaves(settings),
    begin(shared, unit) {
      const eps = draw(settings, shared, unit);
      return { members: twoMembers(shared, eps, unit), kept: { xi: tree.add(unit.xi, eps) } };
    },
    step: (shared, constant, carry) => memberStep(settings, shared, constant, carry),
    finish(_shared, unit, members, { xi }) {
      const key = unit.clock.key;
      const ends = members.map(({ constant, carry }) =>
        finalLossOf(settings.problem, constant.theta, carry.state, key).astype("float64"),
      ) as [Tensor, Tensor];
      const losses = np.stack(ends);
      const difference = ends[0].sub(ends[1]);
      const contribution = isJoint
        ? tree.scale(xi, differenceWeight(settings, difference.sub(unit.previous)))
        : tree.subtract(
            tree.scale(xi, differenceWeight(settings, difference)),
            tree.scale(unit.xi, differenceWeight(settings, unit.previous)),
          );
      const { clock } = members[0]!.carry;
      const hasEnded = endsTrajectory(settings.plan, clock);
      const none = np.zeros([], { dtype: "float64" });
      return {
        unit: {
          pair: unit.pair,
          clock,
          plus: members[0]!.carry.state,
          minus: members[1]!.carry.state,
          xi: tree.select(hasEnded, tree.zerosLike(xi), xi),
          previous: np.where(hasEnded, none, difference),
        },
        ...pairResults(
          settings,
          guard(settings, losses, contribution),
          losses,
          lossStatistics(settings, ends),
        ),
      };
    },
  };
}
