/**
 * Twists by density ratios (Lawson et al., NeurIPS 2022, section 3.2): a classifier tells states that belong to a future from
 * states that do not. Of every step t < T-1 the positives (x_t, y_{t+1} …) come from one simulated trajectory, the negatives
 * pair the same y with the state of an independent one:
 *
 *     loss = -1 / (M (T-1)) sum_j sum_t [log sigma(g(x_t^j)) + log sigma(-g(x~_t^j))],   g = log r
 *
 * whose minimum is g(x) = log p(y_{t+1} … | x_t) + const(t, y). Simulated data carry no derivatives: only the twist learns.
 */
import { type Key, type Tensor, lax, nn, np, random, tree, valueAndGrad, vmap } from "../../array/index.ts";
import { simulate } from "../stateSpace/simulate.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { hasFuture } from "./series.ts";
import type { Twist } from "./twists/twist.ts";

/** What a twist is trained on. */
export interface DensityRatioSettings<Model, Params> {
  readonly model: StateSpaceModel<Model>;
  readonly twist: Twist<Model, Params>;
  /** T. */
  readonly steps: number;
  /** Which steps are observed, bool [T]. Default: all. */
  readonly observed?: Tensor | undefined;
  /** Pairs of trajectories, M. */
  readonly batch: number;
  /** Whether a simulated trajectory is used, a bool scalar for states [T, dx] and observations [T, dy]. Default: all are. */
  isUsable?(x: Tensor, y: Tensor): Tensor;
}

/** Pairs of simulated trajectories, without derivatives. */
export interface TrajectoryPairs {
  /** [M, T, dx] and [M, T, dy], 0 where they are not usable. */
  x: Tensor;
  y: Tensor;
  /** States of the others, [M, T, dx]. */
  others: Tensor;
  /** 1 for pairs that are used and steps with something observed after them, else 0: [M, T-1]. */
  weights: Tensor;
}

/** Loss, gradient by the twist's parameters, and how good the classifier is. */
export interface DensityRatio<Params> {
  /** log 4 where nothing is known. */
  loss: Tensor;
  gradient: Params;
  /** Share of states told right; of positives among those told so; of those told so among positives. */
  scores: { accuracy: Tensor; precision: Tensor; recall: Tensor };
}

/** M pairs of trajectories. */
export function trajectoryPairs<Model, Params>(
  { model, steps, observed, batch, isUsable }: DensityRatioSettings<Model, Params>,
  theta: Model,
  key: Key,
): TrajectoryPairs {
  const fixed = (x: Tensor): Tensor => lax.stopGradient(x) as Tensor;
  const constant = tree.map(fixed, theta);
  const draw = vmap((own: Key) => {
    const { x, y } = simulate(model, constant, own, steps);
    const usable = isUsable?.(x, y);
    const kept = (z: Tensor): Tensor => fixed(usable === undefined ? z : (np.where(usable, z, 0) as Tensor));
    const seen = observed === undefined ? y : (np.where(observed.reshape([-1, 1]), y, 0) as Tensor);
    return { x: kept(x), y: kept(seen), usable: usable ?? np.ones([], { dtype: "bool" }) };
  });
  const keys = (name: string): Tensor => random.split(random.foldIn(key, name), batch);
  const [own, other] = [draw(keys("positives")), draw(keys("negatives"))];
  const series = { y: np.zeros([steps, 1]), ...(observed && { observed }) };
  const future = hasFuture(series).slice([0, steps - 1]);
  const used = np.logicalAnd(own.usable, other.usable).reshape([batch, 1]);
  const weights = np.logicalAnd(used, future.reshape([1, -1])).astype(own.x.dtype);
  return { x: own.x, y: own.y, others: other.x, weights };
}

/** g of positives and of negatives, [M, T-1, 2]. */
export function twistLogits<Model, Params>(
  { twist, steps, observed }: DensityRatioSettings<Model, Params>,
  params: Params,
  theta: Model,
  { x, y, others }: TrajectoryPairs,
): Tensor {
  const constant = tree.map((leaf: Tensor) => lax.stopGradient(leaf) as Tensor, theta);
  const asked = (leaf: Tensor): Tensor => leaf.slice([0, steps - 1]);
  const clock = np.arange(steps - 1).astype("int32");
  const ofPair = vmap((states: Tensor, observations: Tensor) => {
    const series = { y: observations, ...(observed && { observed }) };
    const rows = twist.rows?.(params, series, constant) ?? {};
    const at = vmap((pair: Tensor, t: Tensor, row: unknown) =>
      twist.logTwist(params, { x: pair, t, row, model: constant, series }),
    );
    return at(asked(states), clock, tree.map(asked, rows));
  });
  return ofPair(np.stack([x, others], 2) as Tensor, y);
}

/** The loss of a batch of pairs, its gradient, and its scores; traced or not. */
export function densityRatio<Model, Params>(
  settings: DensityRatioSettings<Model, Params>,
  params: Params,
  theta: Model,
  pairs: TrajectoryPairs,
): DensityRatio<Params> {
  const { weights } = pairs;
  const count = np.maximum(weights.sum(), 1) as Tensor;
  const mean = (x: Tensor): Tensor => x.mul(weights).sum().div(count);
  const lossAt = (at: Params): Tensor => {
    const logits = twistLogits(settings, at, theta, pairs);
    const [positive, negative] = [logits.slice("...", 0), logits.slice("...", 1)];
    return mean(nn.logSigmoid(positive).add(nn.logSigmoid(negative.neg()))).neg();
  };
  const [loss, gradient] = valueAndGrad(lossAt)(params);
  const hits = twistLogits(settings, params, theta, pairs).greater(0).astype(weights.dtype);
  const [right, wrong] = [mean(hits.slice("...", 0)), mean(hits.slice("...", 1))];
  return {
    loss,
    gradient: gradient as Params,
    scores: {
      accuracy: right.sub(wrong).add(1).mul(0.5),
      precision: right.div(np.maximum(right.add(wrong), 1e-12) as Tensor),
      recall: right,
    },
  };
}
