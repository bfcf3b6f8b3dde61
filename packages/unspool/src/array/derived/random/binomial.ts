/**
 * Binomial numbers: with a mean below 10 (of successes or failures) by inversion of the distribution function, else by
 * Hörmann's transformed rejection BTRS (1993), whose acceptance is above 86 %; 32 rounds leave one draw in 10^25 open.
 */
import { np } from "../../np.ts";
import { type Key, random } from "../../random.ts";
import { scan } from "../../scan.ts";
import type { Tensor } from "../../tensor.ts";
import type { ArrayLike } from "../arguments.ts";
import { inRounds } from "./gamma.ts";
import { drawShape, isWithin, orInvalid, parameters, requireParameter } from "./parameters.ts";
import { deviance, stirlingError } from "./saddlePoint.ts";

const leastMean = 10;
const rounds = 32;
/** P(X > 55) is below 1e-20 at a mean of 10. */
const mostByInversion = 56;
/** Float32 counts no further. */
const mostTrials = 2 ** 24;

/** The number of successes in `n` trials (whole, to 2^24) of probability `p`, int32; -1 for others in a trace. It has no derivative. */
export function binomial(key: Key, n: ArrayLike, p: ArrayLike, shape?: readonly number[]): Tensor {
  const [trials, chance] = parameters(undefined, n, p) as [Tensor, Tensor];
  const isCount = (x: number): boolean => Number.isInteger(x) && x >= 0 && x <= mostTrials;
  requireParameter("random.binomial", "n", trials, isCount, "a whole number from 0 to 2^24");
  requireParameter("random.binomial", "p", chance, (x) => x >= 0 && x <= 1, "a probability from 0 to 1");
  const full = drawShape("random.binomial", shape, [trials, chance]);
  const [count, probability] = [trials, chance].map((x) => np.broadcastTo(x, full) as Tensor) as [
    Tensor,
    Tensor,
  ];
  // The rarer of the two outcomes is counted.
  const isFlipped = probability.greater(0.5);
  const rarer = np.where(isFlipped, probability.neg().add(1), probability) as Tensor;
  const isLarge = count.mul(rarer).greaterEqual(leastMean);
  const small = inversion(random.foldIn(key, 0), np.where(isLarge, 1, count) as Tensor, rarer);
  const isKnown = !isLarge.isTraced && !isLarge.data.includes(1);
  const large = isKnown
    ? small
    : rejection(
        random.foldIn(key, 1),
        np.where(isLarge, count, 4 * leastMean) as Tensor,
        np.where(isLarge, rarer, 0.5) as Tensor,
      );
  const drawn = np.where(isLarge, large, small) as Tensor;
  const successes = np.where(isFlipped, count.astype("int32").sub(drawn), drawn) as Tensor;
  const isLaw = (): Tensor => {
    const isWhole = np.logicalAnd(isWithin(trials, 0, mostTrials), trials.equal(np.floor(trials)));
    return np.logicalAnd(isWhole, isWithin(chance, 0, 1)) as Tensor;
  };
  return orInvalid(successes, isLaw, trials, chance);
}

/** The number of k with u >= P(X <= k). */
function inversion(key: Key, n: Tensor, p: Tensor): Tensor {
  const u = random.uniform(key, n.shape).astype(p.dtype);
  const odds = p.div(p.neg().add(1));
  type Carry = { probability: Tensor; sum: Tensor; count: Tensor };
  const step = (carry: Carry, _: undefined, i: Tensor): [Carry, undefined] => {
    const k = i.astype(p.dtype);
    const sum = carry.sum.add(carry.probability);
    const count = carry.count.add(u.greaterEqual(sum).astype("int32"));
    const probability = carry.probability
      .mul(np.maximum(n.sub(k), 0))
      .div(k.add(1))
      .mul(odds);
    return [{ probability, sum, count }, undefined];
  };
  const first = np.exp(n.mul(np.log1p(p.neg()))) as Tensor;
  const start = { probability: first, sum: first.mul(0), count: np.zeros(n.shape, { dtype: "int32" }) };
  const [{ count }] = scan(step, start, undefined, { length: mostByInversion });
  return np.minimum(count, n.astype("int32")) as Tensor;
}

function rejection(key: Key, n: Tensor, p: Tensor): Tensor {
  const mean = n.mul(p);
  const spread = np.sqrt(mean.mul(p.neg().add(1))) as Tensor;
  const b = spread.mul(2.53).add(1.15);
  const a = b.mul(0.0248).add(p.mul(0.01)).sub(0.0873);
  const vr = np.reciprocal(b).mul(-4.2).add(0.92) as Tensor;
  const alpha = np.reciprocal(b).mul(5.1).add(2.83).mul(spread) as Tensor;
  const mode = np.floor(n.add(1).mul(p)) as Tensor;
  const atMode = logProbability(mode, n, p);
  type Round = { k: Tensor; isOpen: Tensor };
  const round = ({ k: taken, isOpen }: Round, roundKey: Key): Round => {
    const u = random.uniform(random.foldIn(roundKey, 0), n.shape).astype(p.dtype).sub(0.5);
    const v = random.uniform(random.foldIn(roundKey, 1), n.shape).neg().add(1).astype(p.dtype);
    const us = np.maximum(np.abs(u).neg().add(0.5), 1e-7) as Tensor;
    const k = np.floor(a.mul(2).div(us).add(b).mul(u).add(mean).add(0.5)) as Tensor;
    const isOut = np.logicalOr(k.less(0), k.greater(n)) as Tensor;
    const isQuick = np.logicalAnd(us.greaterEqual(0.07), v.lessEqual(vr)) as Tensor;
    const height = np.log(v.mul(alpha).div(a.div(us.mul(us)).add(b))) as Tensor;
    const isUnder = height.lessEqual(logProbability(np.clip(k, 0, n) as Tensor, n, p).sub(atMode));
    const isAccepted = np.logicalAnd(np.logicalNot(isOut), np.logicalOr(isQuick, isUnder)) as Tensor;
    const isTaken = np.logicalAnd(isOpen, isAccepted) as Tensor;
    return {
      k: np.where(isTaken, k, taken) as Tensor,
      isOpen: np.logicalAnd(isOpen, np.logicalNot(isAccepted)) as Tensor,
    };
  };
  const start = { k: mode, isOpen: np.ones(n.shape, { dtype: "bool" }) };
  return inRounds(key, rounds, round, start).k.astype("int32");
}

/** log P(k; n, p) by deviances of successes and failures. */
function logProbability(k: Tensor, n: Tensor, p: Tensor): Tensor {
  const [mean, rest] = [n.mul(p), n.mul(p.neg().add(1))];
  const failures = n.sub(k);
  const [isNone, isAll] = [k.equal(0), failures.equal(0)];
  const [some, others] = [np.where(isNone, 1, k), np.where(isAll, 1, failures)] as [Tensor, Tensor];
  const inside = stirlingError(n)
    .sub(stirlingError(some))
    .sub(stirlingError(others))
    .sub(deviance(k.sub(mean), mean))
    .sub(deviance(mean.sub(k), rest))
    .add(np.log(n.div(some.mul(others).mul(2 * Math.PI))).mul(0.5));
  const none = n.mul(np.log1p(p.neg()));
  return np.where(isNone, none, np.where(isAll, n.mul(np.log(p)), inside)) as Tensor;
}
