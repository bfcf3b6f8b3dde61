/**
 * Mixture of reparameterised gradients and evolution strategies over whole trajectories, weighted per coordinate by
 * their inverse variances: derivatives where they are quiet, losses where the loop is chaotic.
 *
 *     rp = (∇L(theta + eps) + ∇L(theta - eps)) / 2,   es = eps (L+ - L-) / (2 sigma²)      per antithetic pair
 *     g  = w mean(rp) + (1 - w) mean(es),             w = v_es / (v_rp + v_es)
 *
 * Both have the gradient of the smoothed objective as their mean. The variances are moving averages over earlier
 * estimates, so that the weights do not depend on the samples that they weigh; the first estimate is all evolution
 * strategies. Derivatives in chaos have tails that no earlier estimate foretells: w is at most 4 times the weight by the
 * variances of the present estimate, which has no lower bound. So the mixture is never much noisier than evolution
 * strategies (its variance is at most about 5 times theirs). Where the bound is in force the weight depends on its
 * samples, which leaves a bias where those are skewed.
 *
 * Parmas, Rasmussen, Peters and Doya 2018 (total propagation); Metz, Freeman, Schoenholz and Kachman 2021.
 */
import { overTheta } from "./outerTheta.ts";
import { type Tensor, jvp, np, tree, vmap } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import {
  type Clock,
  type Problem,
  advance,
  eraseProblem,
  firstClocks,
  initialState,
  settle,
  splitFloats,
  requireProblem,
} from "../../unroll/index.ts";
import {
  type EsOptions,
  type EsSettings,
  esSettings,
  madeForPairs,
  pairOptionNames,
} from "../es/esOptions.ts";
import { type PairProgram, guard, lossSummary, pairLosses, requireFiniteLosses } from "../es/pairLosses.ts";
import { type EsShared, type MemberCarry, memberStep, pairRequest, startMember } from "../es/pairMembers.ts";
import type { GradientEstimator } from "../estimator.ts";
import { cut } from "../es/noise.ts";
import { type WindowState, firstWindow, sameLeaves, sharedBy } from "../es/pairWindow.ts";
import { thetaBasis } from "../derivatives/tangents.ts";

export type MixtureOptions = Omit<EsOptions, "truncation" | "resets" | "differences" | "keepsPairs">;

interface Unit {
  pair: Tensor;
  clock: Clock;
}

export interface MixtureState extends WindowState<Unit> {
  /** Moving averages of the variances of one pair's estimates, float64 trees like theta. */
  variances: { rp: unknown; es: unknown };
}

interface Carry extends MemberCarry {
  /** Tangents of the state's floating-point leaves, [|theta|, …]. */
  tangents: Tensor[];
  /** float64 [|theta|]: derivative of the losses so far. */
  slope: Tensor;
}

/** Means over pairs of both estimates and of their squares, float64 trees like theta. */
interface Moments {
  rp: unknown;
  rpSquare: unknown;
  es: unknown;
  esSquare: unknown;
}

/** Share of an estimate's variance in the moving average: a memory of about ten estimates. */
const newShare = 0.1;
/** Derivatives are remembered as at most this many times more variable than losses, lest one overflow be so for ever. */
const largestRatio = 1e6;
/** The weight is at most this many times the one that the present estimate's own variances give. */
const mostOverPresent = 4;

/**
 * The mixture. Needs a differentiable problem and at least 2 pairs. Cost: 2 · pairs · horizon inner steps with a jvp per
 * element of theta each.
 *
 * @example
 * const estimator = mixture(problem, { sigma: 0.01, pairs: 16 });
 */
export function mixture<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: MixtureOptions = {},
): GradientEstimator<Theta, MixtureState> {
  requireKnownOptions("mixture", options, pairOptionNames);
  const name = "mixture";
  const settings = mixtureSettings(name, problem, options);
  const { plan, pairs, isCommon, executor } = settings;
  const program = mixtureProgram(settings);
  return overTheta(
    {
      name,
      ...madeForPairs(settings),
      init(theta, key) {
        const units = { pair: np.arange(pairs), clock: firstClocks(plan, key, pairs, isCommon) };
        const zero: unknown = tree.zerosLike(theta, "float64");
        return { ...firstWindow(units, theta), variances: { rp: zero, es: zero } };
      },
      estimate(theta, state, key) {
        const shared = sharedBy(name, theta, key, state);
        const result = executor.forward(program, shared, state.units);
        if (settings.nanPolicy === "error")
          requireFiniteLosses(settings, program, shared, state.units, result.each.losses);
        const found = result.mean.gradient as Moments;
        const present = presentVariances(found, pairs);
        const { loss, lossDifferenceStd, nonFinite } = lossSummary(result.mean.statistics, pairs);
        return {
          loss: loss.item(),
          gradient: tree.map(
            mixed,
            theta,
            found.rp,
            found.es,
            present.rp,
            present.es,
            state.variances.rp,
            state.variances.es,
          ),
          state: {
            units: { ...result.units, clock: settle(plan, result.units.clock) },
            theta: state.theta,
            window: state.window + 1,
            variances: nextVariances(state.variances, present),
          },
          metrics: {
            innerSteps: 2 * pairs * plan.truncation,
            lossDifferenceStd: lossDifferenceStd.item(),
            ...(settings.nanPolicy === "zero" ? { nonFinite: nonFinite.item() } : {}),
          },
        };
      },
    },
    settings.gaussianSigma,
  );
}

function mixtureSettings<Theta, State, Batch>(
  name: string,
  problem: Problem<Theta, State, Batch>,
  options: MixtureOptions,
): EsSettings {
  requireProblem(name, problem);
  const { horizon, isDifferentiable } = problem;
  if (horizon === Infinity) {
    throw new OptionError(
      name,
      "problem.horizon",
      horizon,
      "finite",
      "Use pes or nres for a loop without an end.",
    );
  }
  if (!isDifferentiable) {
    throw new OptionError(
      name,
      "problem",
      problem.name,
      "differentiable",
      "Its isDifferentiable is false: use an evolution-strategy estimator such as pes, nres or fullEs.",
    );
  }
  const settings = esSettings(name, eraseProblem(problem), {
    ...options,
    truncation: horizon,
    resets: "lockstep",
  });
  if (settings.pairs < 2) throw new OptionError(name, "pairs", settings.pairs, "at least 2, for a variance");
  return settings;
}

function mixtureProgram(settings: EsSettings): PairProgram<EsShared, Unit, { eps: unknown }> {
  const { name, problem, plan, noise, lossScale, sigma } = settings;
  const factor = lossScale / (2 * sigma ** 2);
  return {
    name,
    length: plan.truncation,
    sameForAll: sameLeaves(settings),
    begin(shared, { pair, clock }) {
      const eps = noise(shared.theta, pairRequest(shared, pair));
      const members = [tree.add(shared.theta, eps), tree.subtract(shared.theta, eps)].map((theta) => {
        const start = (at: unknown): Tensor[] => splitFloats(initialState(problem, at, clock.key)).floats;
        const tangents = vmap((along: unknown) => jvp(start, [theta], [along])[1])(thetaBasis(theta));
        const { constant, carry } = startMember({ theta }, initialState(problem, theta, clock.key), clock);
        const slope = np.zeros([tree.size(theta)], { dtype: "float64" });
        return { constant, carry: { ...carry, tangents, slope } satisfies Carry };
      });
      return { members, kept: { eps } };
    },
    step(shared, constant, carry) {
      const { clock, state, tangents, slope } = carry as Carry;
      const { floats, rebuild } = splitFloats(state);
      const step = (theta: unknown, moved: Tensor[]): [Tensor[], Tensor] => {
        const next = advance(problem, theta, rebuild(moved), clock.t, clock.key);
        return [splitFloats(next.state).floats, next.loss];
      };
      const along = (direction: unknown, moved: Tensor[]) =>
        jvp(step, [constant.theta, floats], [direction, moved])[1];
      const [next, derivative] = vmap(along)(thetaBasis(constant.theta), tangents);
      const moved: Carry = {
        ...memberStep(settings, shared, constant, carry),
        tangents: next,
        slope: slope.add(derivative.astype("float64")),
      };
      return moved;
    },
    finish(shared, { pair }, members, { eps }) {
      const { statistics, losses } = pairLosses(settings, members);
      const [plus, minus] = members.map(({ carry }) => carry as Carry) as [Carry, Carry];
      const like = tree.astype(shared.theta, "float64");
      const rp = cut(like, plus.slope.add(minus.slope).mul(lossScale / 2));
      const es = tree.scale(tree.astype(eps, "float64"), plus.before.sub(minus.before).mul(factor));
      const square = (x: Tensor): Tensor => x.mul(x);
      const found: Moments = {
        // A derivative that has overflowed has an infinite square, and with it no weight.
        rp: tree.map((x: Tensor) => np.where(np.isfinite(x), x, np.zerosLike(x)), rp),
        rpSquare: tree.map(
          (x: Tensor) => np.where(np.isfinite(x), square(x), np.onesLike(x).mul(Infinity)),
          rp,
        ),
        es,
        esSquare: tree.map(square, es),
      };
      return {
        unit: { pair, clock: plus.clock },
        mean: { gradient: guard(settings, losses, found), statistics },
        each: { losses },
      };
    },
  };
}

/** w rp + (1 - w) es in theta's dtype; w is 0 where a derivative of this estimate has overflowed. Concrete. */
function mixed(
  leaf: Tensor,
  rp: Tensor,
  es: Tensor,
  rpPresent: Tensor,
  esPresent: Tensor,
  rpVariance: Tensor,
  esVariance: Tensor,
): Tensor {
  const values = es.data.map((value, i) => {
    const remembered = weightOf(rpVariance.data[i]!, esVariance.data[i]!);
    const present = weightOf(rpPresent.data[i]!, esPresent.data[i]!);
    const weight = Math.min(remembered, mostOverPresent * present);
    return weight === 0 ? value : weight * rp.data[i]! + (1 - weight) * value;
  });
  return np.array(values, { shape: leaf.shape, dtype: leaf.dtype });
}

/** Inverse-variance weight of the derivatives; 0 where their variance is infinite, or where nothing varies. */
function weightOf(rp: number, es: number): number {
  if (rp === Infinity) return 0;
  return rp + es > 0 ? es / (rp + es) : 0;
}

/** Variances over the pairs of one estimate, of each kind; infinite where a square has overflowed. */
function presentVariances(found: Moments, pairs: number): MixtureState["variances"] {
  const variance = (mean: Tensor, square: Tensor): Tensor =>
    like(mean, (i) =>
      Number.isFinite(square.data[i]!)
        ? Math.max(0, square.data[i]! - mean.data[i]! ** 2) * (pairs / (pairs - 1))
        : Infinity,
    );
  return {
    rp: tree.map(variance, found.rp, found.rpSquare),
    es: tree.map(variance, found.es, found.esSquare),
  };
}

function nextVariances(
  old: MixtureState["variances"],
  present: MixtureState["variances"],
): MixtureState["variances"] {
  const limited = (rp: Tensor, es: Tensor): Tensor =>
    like(rp, (i) => Math.min(rp.data[i]!, largestRatio * es.data[i]!));
  const average = (old: Tensor, now: Tensor): Tensor =>
    like(old, (i) => old.data[i]! + newShare * (now.data[i]! - old.data[i]!));
  return {
    rp: tree.map(average, old.rp, tree.map(limited, present.rp, present.es)),
    es: tree.map(average, old.es, present.es),
  };
}

function like(leaf: Tensor, value: (i: number) => number): Tensor {
  return np.array(
    Float64Array.from({ length: leaf.size }, (_, i) => value(i)),
    { shape: leaf.shape },
  );
}
