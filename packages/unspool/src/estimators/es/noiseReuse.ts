/**
 * The common recursion of PES, NRES / ES-Single, GPES and truncated ES with particle states: antithetic pairs whose
 * states persist from window to window, perturbations that are redrawn every `noisePeriod` inner steps, and an
 * accumulator xi of all perturbations of a trajectory that weighs the loss difference.
 *
 *     theta± = theta ± eps,   g = 1/(2 sigma²) · mean over pairs of xi (L+ - L-),   xi += eps when eps is drawn
 *
 * Steps after a reset inside the window are weighed by the perturbation of the new trajectory only.
 */
import { overTheta } from "../around/outerTheta.ts";
import { requireUnitStates } from "../unitMemory.ts";
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import {
  type Clock,
  type Problem,
  emptyState,
  endsTrajectory,
  eraseProblem,
  firstClocks,
} from "../../unroll/index.ts";
import { type EsOptions, type EsSettings, type StepLosses, esSettings, madeForPairs } from "./esOptions.ts";
import { differenceWeight } from "./lossDifference.ts";
import { type PairProgram, guard, pairLosses, pairResults } from "./pairLosses.ts";
import {
  type EsShared,
  type MemberCarry,
  type PairMember,
  memberStep,
  pairRequest,
  withFinalLosses,
} from "./pairMembers.ts";
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

/** One antithetic pair between two windows; tensors [pairs, …]. */
export interface PairUnit {
  /** int32: index of the pair. */
  pair: Tensor;
  clock: Clock;
  /** State of the member at theta + eps. */
  plus: unknown;
  /** State of the member at theta - eps. */
  minus: unknown;
  /** Current perturbation, in theta's dtype. */
  eps: unknown;
  /** Sum of the perturbations of this trajectory, float64. */
  xi: unknown;
  /** int32: inner steps since eps was drawn. */
  age: Tensor;
}

export type PairState = WindowState<PairUnit>;

interface Kept {
  eps: unknown;
  xi: unknown;
  epsAfter: unknown;
  /** int32: age of eps at the end of the window if nothing resets. */
  age: Tensor;
}

export interface NoiseReuse {
  /** Inner steps between draws of eps; Infinity for one draw per trajectory. */
  noisePeriod: number;
  /** False: weigh by eps alone and forget earlier windows (truncated ES). */
  isPersistent: boolean;
  /** What becomes of the losses of a window's steps. Default: their sum. */
  over?: StepLosses;
}

/** An age at which every perturbation is due to be redrawn. */
const expired = 0x7fffffff;

export function noiseReuse<Theta, State, Batch>(
  name: string,
  problem: Problem<Theta, State, Batch>,
  options: EsOptions,
  reuse: NoiseReuse,
): PairEstimator<Theta, PairState> {
  const settings = esSettings(name, eraseProblem(problem), options, reuse.over);
  const programs = { window: windowProgram(settings, reuse), restart: restartProgram(settings, reuse) };
  const recurrence = windowRecurrence(settings, programs);
  return overTheta(
    {
      name,
      ...madeForPairs(settings),
      ...(recurrence && { recurrence }),
      init: (theta, key) => firstWindow(firstPairs(settings, theta, key), theta),
      estimate: (theta, state, key) =>
        runWindow(settings, programs, sharedBy(name, theta, key, state), state),
    },
    settings.gaussianSigma,
  );
}

/** Pairs that have not started: their states are placeholders until the first window. */
function firstPairs(settings: EsSettings, theta: unknown, key: Key): PairUnit {
  const { pairs, plan, isCommon } = settings;
  const one = emptyState(settings.problem, theta, key);
  // Two states, a perturbation and the accumulator, which is float64.
  requireUnitStates(settings.name, "pairs", pairs, one, one, theta, theta, theta);
  const clock = firstClocks(plan, key, pairs, isCommon);
  const state = unstarted(settings, theta, key);
  return {
    pair: np.arange(pairs),
    clock,
    plus: state,
    minus: state,
    eps: repeat(tree.zerosLike(theta), pairs),
    xi: repeat(tree.zerosLike(theta, "float64"), pairs),
    age: np.full([pairs], expired, { dtype: "int32" }),
  };
}

/** The perturbation that a pair uses in this window, and what goes with it. */
function perturb(settings: EsSettings, reuse: NoiseReuse, shared: EsShared, unit: PairUnit): Kept {
  const { plan, noise } = settings;
  const { pair } = unit;
  const fresh = noise(shared.theta, pairRequest(shared, pair));
  const steps = tree.scalar(plan.truncation, "int32");
  if (reuse.noisePeriod <= plan.truncation) {
    const xi = reuse.isPersistent ? tree.add(unit.xi, fresh) : tree.astype(fresh, "float64");
    return { eps: fresh, xi, epsAfter: fresh, age: steps };
  }
  const isDue = unit.age.greaterEqual(tree.scalar(Math.min(reuse.noisePeriod, expired), "int32"));
  const eps = tree.select(isDue, fresh, unit.eps);
  const epsAfter =
    plan.mode === "inside"
      ? noise(shared.theta, pairRequest({ ...shared, key: random.foldIn(shared.key, "after reset") }, pair))
      : eps;
  return {
    eps,
    xi: tree.select(isDue, tree.add(unit.xi, eps), unit.xi),
    epsAfter,
    age: np.where(isDue, steps, unit.age.add(steps)),
  };
}

function windowProgram(settings: EsSettings, reuse: NoiseReuse): PairProgram<EsShared, PairUnit, Kept> {
  const { plan } = settings;
  const redrawsInside = plan.mode === "inside" && reuse.noisePeriod > plan.truncation;
  return {
    name: settings.name,
    length: plan.truncation,
    sameForAll: [...sameLeaves(settings), ...(plan.resets === "lockstep" ? ["age"] : [])],
    begin(shared, unit) {
      const kept = perturb(settings, reuse, shared, unit);
      const members = twoMembers(shared, kept.eps, unit);
      if (!redrawsInside) return { members, kept };
      const after = pairThetas(shared, kept.epsAfter);
      const [plus, minus] = members as [PairMember, PairMember];
      const withAfter = (member: PairMember, thetaAfter: unknown) => ({
        ...member,
        constant: { ...member.constant, thetaAfter },
      });
      return { members: [withAfter(plus, after.plus), withAfter(minus, after.minus)], kept };
    },
    step: (shared, constant, carry) => memberStep(settings, shared, constant, carry),
    finish(_shared, unit, stepped, kept) {
      const members = withFinalLosses(settings, stepped, unit.clock.key);
      const [plus, minus] = members.map(({ carry }) => carry) as [MemberCarry, MemberCarry];
      const { statistics, losses } = pairLosses(settings, members);
      const before = tree.scale(kept.xi, differenceWeight(settings, plus.before.sub(minus.before)));
      const weighted =
        plan.mode === "inside"
          ? tree.add(
              before,
              tree.scale(
                tree.astype(kept.epsAfter, "float64"),
                differenceWeight(settings, plus.after.sub(minus.after)),
              ),
            )
          : before;
      const { clock, isAfter } = plus;
      const hasEnded = endsTrajectory(plan, clock);
      const xi =
        plan.mode === "inside"
          ? tree.select(isAfter, tree.astype(kept.epsAfter, "float64"), kept.xi)
          : kept.xi;
      const age = redrawsInside ? np.where(isAfter, clock.t, kept.age) : kept.age;
      return {
        unit: {
          pair: unit.pair,
          clock,
          plus: plus.state,
          minus: minus.state,
          eps: redrawsInside ? tree.select(isAfter, kept.epsAfter, kept.eps) : kept.eps,
          xi: tree.select(hasEnded, tree.zerosLike(xi), xi),
          age: np.where(hasEnded, tree.scalar(expired, "int32"), age),
        },
        ...pairResults(settings, guard(settings, losses, weighted), losses, statistics),
      };
    },
  };
}

function restartProgram(settings: EsSettings, reuse: NoiseReuse): PairProgram<EsShared, PairUnit, object> {
  return restart(settings, (shared, unit) => pairThetas(shared, perturb(settings, reuse, shared, unit).eps));
}
