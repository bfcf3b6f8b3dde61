/**
 * Truncated evolution strategies: each window on its own, from states that are taken as given. Biased wherever
 * theta acts on the loss through earlier windows; the baseline that PES corrects.
 *
 *     g = 1/(2 sigma²) · mean over pairs of eps_w (L+ - L-)
 *
 * Published flavours of what persists: one mean state per pair, advanced with unperturbed theta (code of Li et al.
 * 2023; default), one mean state for all pairs (code of Vicol et al. 2021), or the particles' own states (Vicol,
 * Kolter, Swersky 2023, Figure 13).
 */
import { overTheta } from "../around/outerTheta.ts";
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { requireOneOf, requireKnownOptions } from "../../errors.ts";
import { type Clock, type Problem, eraseProblem, firstClocks } from "../../unroll/index.ts";
import { type EsOptions, type EsSettings, esOptionNames, esSettings, madeForPairs } from "./esOptions.ts";
import { differenceWeight } from "./lossDifference.ts";
import { type PairProgram, guard, pairLosses, pairResults } from "./pairLosses.ts";
import { type EsShared, type MemberCarry, memberStep, pairRequest, startMember } from "./pairMembers.ts";
import type { PairEstimator } from "../estimator.ts";
import { type PairState, noiseReuse } from "./noiseReuse.ts";
import {
  type WindowState,
  firstWindow,
  restart,
  runWindow,
  sameLeaves,
  sharedBy,
  unstarted,
  windowRecurrence,
} from "./pairWindow.ts";

export interface TruncatedEsOptions extends EsOptions {
  /** What persists between windows. Default "pair-mean". */
  state?: "pair-mean" | "shared-mean" | "particles";
}

/** A pair between two windows; tensors [pairs, …]. */
interface MeanUnit {
  pair: Tensor;
  clock: Clock;
  /** State advanced with unperturbed theta. */
  mean: unknown;
}

export type MeanState = WindowState<MeanUnit>;

/**
 * Truncated ES. Cost: 3 · pairs · truncation inner steps with one mean state per pair (2 with particle states); memory
 * as `pes` without accumulators.
 */
export function truncatedEs<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: TruncatedEsOptions = {},
): PairEstimator<Theta, MeanState | PairState> {
  requireKnownOptions("truncatedEs", options, [...esOptionNames, "state"]);
  const { state = "pair-mean", ...esOptions } = options;
  requireOneOf("truncatedEs", "state", state, ["pair-mean", "shared-mean", "particles"]);
  if (state === "particles") {
    return noiseReuse("truncatedEs", problem, esOptions, {
      noisePeriod: 0,
      isPersistent: false,
    }) as PairEstimator<Theta, MeanState | PairState>;
  }
  // One mean state for all pairs is a mean state per pair on common trajectories: the pairs' copies stay equal.
  const settings = esSettings("truncatedEs", eraseProblem(problem), {
    ...esOptions,
    ...(state === "shared-mean" ? { trajectories: "common" as const } : {}),
  });
  return meanStateEs(settings) as PairEstimator<Theta, MeanState | PairState>;
}

function meanStateEs<Theta>(settings: EsSettings): PairEstimator<Theta, MeanState> {
  const { name, pairs, plan } = settings;
  const programs = {
    window: windowProgram(settings),
    restart: restart<EsShared, MeanUnit>(settings, ({ theta }) => ({ mean: theta })),
  };
  const recurrence = windowRecurrence(settings, programs);
  return overTheta(
    {
      name,
      ...madeForPairs(settings),
      ...(recurrence && { recurrence: { ...recurrence, innerSteps: 3 * pairs * plan.truncation } }),
      init: (theta, key) => firstWindow(firstUnits(settings, theta, key), theta),
      estimate(theta, state, key) {
        const estimate = runWindow<Theta, EsShared, MeanUnit, { eps: unknown }>(
          settings,
          programs,
          sharedBy(name, theta, key, state),
          state,
        );
        return { ...estimate, metrics: { ...estimate.metrics, innerSteps: 3 * pairs * plan.truncation } };
      },
    },
    settings.gaussianSigma,
  );
}

function firstUnits(settings: EsSettings, theta: unknown, key: Key): MeanUnit {
  const { pairs, plan, isCommon } = settings;
  return {
    pair: np.arange(pairs),
    clock: firstClocks(plan, key, pairs, isCommon),
    mean: unstarted(settings, theta, key),
  };
}

/** Three members per pair: theta + eps, theta - eps, and theta itself, which carries the state on. */
function windowProgram(settings: EsSettings): PairProgram<EsShared, MeanUnit, { eps: unknown }> {
  return {
    name: settings.name,
    length: settings.plan.truncation,
    sameForAll: sameLeaves(settings),
    begin(shared, { pair, mean, clock }) {
      const eps = settings.noise(shared.theta, pairRequest(shared, pair));
      const thetas = [tree.add(shared.theta, eps), tree.subtract(shared.theta, eps), shared.theta];
      return { members: thetas.map((theta) => startMember({ theta }, mean, clock)), kept: { eps } };
    },
    step: (shared, constant, carry) => memberStep(settings, shared, constant, carry),
    finish(_shared, unit, members, { eps }) {
      const [plus, minus, mean] = members.map(({ carry }) => carry) as [
        MemberCarry,
        MemberCarry,
        MemberCarry,
      ];
      const { statistics, losses } = pairLosses(settings, members);
      const difference = plus.before.add(plus.after).sub(minus.before.add(minus.after));
      const weighted = tree.scale(tree.astype(eps, "float64"), differenceWeight(settings, difference));
      return {
        unit: { pair: unit.pair, clock: mean.clock, mean: mean.state },
        ...pairResults(settings, guard(settings, losses, weighted), losses, statistics),
      };
    },
  };
}
