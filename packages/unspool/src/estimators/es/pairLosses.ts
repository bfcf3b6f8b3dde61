/** The losses of antithetic pairs: their statistics, and what is done with those that are not finite. */
import { type Tensor, np, tree } from "../../array/index.ts";
import { NonFiniteError } from "../../errors.ts";
import type { Clock, ForwardProgram } from "../../unroll/index.ts";
import type { EsSettings } from "./esOptions.ts";
import type { EsShared, MemberCarry, MemberConstant, PairMember } from "./pairMembers.ts";

/** A program over pairs of members. */
export type PairProgram<Shared extends EsShared, Unit, Kept> = ForwardProgram<
  Shared,
  Unit,
  Kept,
  MemberConstant,
  MemberCarry,
  PairMean,
  PairEach
>;

/** Of each pair. */
export interface PairEach {
  /** Of its two members, in the objective's scale, [2]. */
  losses: Tensor;
  /** What it contributes to the gradient, float64; only where `keepsPairs`. */
  gradient?: unknown;
}

/** What is averaged over pairs. */
export interface PairMean {
  gradient: unknown;
  statistics: LossStatistics;
}

/** Of the pairs whose losses are finite; the others count as 0. float64 scalars. */
export interface LossStatistics {
  /** 1 for a pair with finite losses. */
  finite: Tensor;
  /** Sum of the finite losses of a pair, and how many of the two they are. */
  loss: Tensor;
  losses: Tensor;
  /** L+ - L- and its square. */
  difference: Tensor;
  square: Tensor;
}

/**
 * Throws if a pair's loss is not finite, after running the window again to find the first step at which it was
 * not. `losses` is [pairs, 2], `units` are the units that the window began with.
 */
export function requireFiniteLosses<Shared extends EsShared, Unit extends { clock: Clock }, Kept>(
  settings: EsSettings,
  program: PairProgram<Shared, Unit, Kept>,
  shared: Shared,
  units: Unit,
  losses: Tensor,
): void {
  const bad = losses.data.findIndex((loss) => !Number.isFinite(loss));
  if (bad < 0) return;
  const { name, pairs, executor, plan } = settings;
  const record = (carry: MemberCarry): Record<string, Tensor> => ({ loss: carry.before.add(carry.after) });
  const { history } = executor.forward({ ...program, record }, shared, units);
  const steps = history.map(({ loss }) => loss!.data.findIndex((value) => !Number.isFinite(value)));
  const k = steps.findIndex((particle) => particle >= 0);
  // History counts particles positives first; `losses` pair by pair.
  const particle = k < 0 ? (bad % 2) * pairs + Math.floor(bad / 2) : steps[k]!;
  const pair = particle % pairs;
  const sign = ["+", "-", "mean"][Math.floor(particle / pairs)]!;
  // Where every step's loss is finite, it is the one at the end that is not.
  const stepInWindow = k < 0 ? plan.truncation - 1 : k;
  const step = (units.clock.t.data[pair]! + stepInWindow) % units.clock.length.data[pair]!;
  const value = history[k]?.loss?.data[particle] ?? losses.data[bad];
  throw new NonFiniteError(
    name,
    `the loss of particle ${sign} of pair ${pair} became ${value} at inner step ${step} of its trajectory ` +
      `(step ${stepInWindow + 1} of ${plan.truncation} in estimate ${shared.window.item()}). ` +
      `Try a smaller sigma or step size, or nanPolicy: "zero".`,
    { pair, sign, step, stepInWindow, estimate: shared.window.item(), value },
  );
}

/** Mean loss and the spread of L+ - L-, from means over pairs of their statistics (traced or concrete). */
export function lossSummary(
  mean: LossStatistics,
  pairs: number,
): { loss: Tensor; lossDifferenceStd: Tensor; nonFinite: Tensor } {
  const average = mean.difference.div(mean.finite);
  const variance = mean.square.div(mean.finite).sub(average.mul(average));
  return {
    loss: mean.loss.div(mean.losses),
    lossDifferenceStd: np.sqrt(np.maximum(variance, np.zeros([], { dtype: "float64" }))),
    // A count: the division by the number of pairs has rounded it.
    nonFinite: np.floor(mean.losses.neg().add(2).mul(pairs).add(0.5)),
  };
}

/** Window losses of the two members of a pair, [2] in the objective's scale, and their statistics. */
export function pairLosses(
  settings: EsSettings,
  members: PairMember[],
): { statistics: LossStatistics; losses: Tensor } {
  const totals = members
    .slice(0, 2)
    .map(({ carry }) => carry.before.add(carry.after).mul(settings.lossScale)) as [Tensor, Tensor];
  return { losses: np.stack(totals), statistics: lossStatistics(settings, totals) };
}

/** What a pair's part of the gradient and its losses are to the mean, and to what is kept of each pair. */
export function pairResults(
  { keepsPairs }: EsSettings,
  gradient: unknown,
  losses: Tensor,
  statistics: LossStatistics,
): { mean: PairMean; each: PairEach } {
  return { mean: { gradient, statistics }, each: { losses, ...(keepsPairs && { gradient }) } };
}

/** Statistics of the two losses of a pair. */
export function lossStatistics(
  settings: EsSettings,
  [plus, minus]: readonly [Tensor, Tensor],
): LossStatistics {
  if (settings.nanPolicy === "error") {
    const one = np.ones([], { dtype: "float64" });
    const difference = plus.sub(minus);
    const square = difference.mul(difference);
    return { finite: one, loss: plus.add(minus), losses: one.mul(2), difference, square };
  }
  const zero = np.zeros([], { dtype: "float64" });
  const [isPlus, isMinus] = [np.isfinite(plus), np.isfinite(minus)];
  const [a, b] = [np.where(isPlus, plus, zero), np.where(isMinus, minus, zero)];
  const isFinitePair = np.logicalAnd(isPlus, isMinus);
  const difference = np.where(isFinitePair, a.sub(b), zero);
  return {
    finite: isFinitePair.astype("float64"),
    loss: a.add(b),
    losses: isPlus.astype("float64").add(isMinus.astype("float64")),
    difference,
    square: difference.mul(difference),
  };
}

/** `contribution`, or zeros where the pair's losses are not finite and the policy says so. */
export function guard(settings: EsSettings, losses: Tensor, contribution: unknown): unknown {
  if (settings.nanPolicy === "error") return contribution;
  return tree.select(np.isfinite(losses).all(), contribution, tree.zerosLike(contribution));
}
