/**
 * A K-armed bandit learner: logits theta, batches of B pulls, policy gradient in closed form.
 *
 *     p = softmax(beta(eta) theta),   a_b ~ p,   r_b = mu[a_b] + noise
 *     theta <- theta + rate_t(eta) · beta · 1/B sum_b w_b (onehot(a_b) - p)
 *
 * Actions come from one uniform each by the inverse distribution function, so that equal keys give mostly equal
 * actions at neighbouring eta. Defaults are those of the authors' bandit: K = 30, B = 10, T = 30, noise 2, fresh arms.
 */
import { type Key, type Tensor, nn, np, random, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { LearningTask } from "./learningTask.ts";

export interface BanditOptions<Eta> {
  /** Mean rewards of the arms; a number K draws K of them per lifetime, exp(uniform(-100, 1)). Default 30. */
  arms?: number | readonly number[];
  /** Updates of a lifetime, T. Default 30. */
  updates?: number;
  /** Pulls per update, B. Default 10. */
  batch?: number;
  /** Standard deviation of the rewards. Default 2; 0 makes the task enumerable if the arms are given. */
  rewardNoise?: number;
  /** Step size of update t. Default: `learnedRates` with a switch at a quarter of the updates. */
  rate?: (eta: Eta, t: Tensor) => Tensor;
  /** First logits [K]. Default 0. */
  init?: (eta: Eta) => Tensor;
  /** Factor of the logits. Default 1. */
  inverseTemperature?: (eta: Eta) => Tensor;
}

export type BanditAgent = { logits: Tensor };
export type BanditWorld = { means: Tensor };
/** actions: int32 [B]. rewards: [B]. */
export type BanditData = { actions: Tensor; rewards: Tensor };
export type RateEta = { rates: Tensor };

/** Step sizes softplus(eta.rates[j]), where j counts the switches that lie at or before t. */
export function learnedRates(switches: readonly number[] = []): (eta: RateEta, t: Tensor) => Tensor {
  return ({ rates }, t) => {
    const sizes = nn.softplus(rates.ndim === 0 ? rates.reshape([1]) : rates);
    return switches.reduce(
      (rate, at, j) => np.where(t.greaterEqual(at), sizes.slice(j + 1), rate) as Tensor,
      sizes.slice(0),
    );
  };
}

/** A bandit learner. `Eta` is whatever `rate`, `init` and `inverseTemperature` take. */
export function bandit<Eta = RateEta>(
  options: BanditOptions<Eta> = {},
): LearningTask<Eta, BanditAgent, BanditWorld, BanditData> {
  requireKnownOptions("bandit", options, [
    "arms",
    "updates",
    "batch",
    "rewardNoise",
    "rate",
    "init",
    "inverseTemperature",
  ]);
  const { arms = 30, updates = 30, batch = 10, rewardNoise = 2 } = options;
  const count = typeof arms === "number" ? arms : arms.length;
  requireInteger("bandit", "arms", count, 2);
  requireInteger("bandit", "updates", updates, 1);
  requireInteger("bandit", "batch", batch, 1);
  if (!(rewardNoise >= 0)) throw new OptionError("bandit", "rewardNoise", rewardNoise, "at least 0");
  // Who gives no rate has an eta with `rates`; one signature cannot say so.
  const rate = options.rate ?? (learnedRates([Math.max(1, Math.floor(updates / 4))]) as never);
  const { init = () => np.zeros([count]), inverseTemperature } = options;

  const policyLogits = (eta: Eta, { logits }: BanditAgent): Tensor =>
    inverseTemperature === undefined ? logits : logits.mul(inverseTemperature(eta));
  const oneHot = ({ actions }: BanditData, dtype: Tensor["dtype"]) => nn.oneHot(actions, count).astype(dtype);

  return {
    name: "bandit",
    updates,
    batch,
    actions: 1,
    discount: 1,
    world: (key) => ({ means: typeof arms === "number" ? drawArms(key, arms) : np.array([...arms], wide) }),
    init: (eta) => ({ logits: init(eta) }),
    sample(eta, agent, { means }, key) {
      const chances = nn.softmax(policyLogits(eta, agent));
      const uniforms = random.uniform(random.foldIn(key, "actions"), [batch], { dtype: floatOf(chances) });
      const actions = inverseCdf(chances, uniforms);
      const sure = nn.oneHot(actions, count).astype(means.dtype).mul(means).sum(1);
      if (rewardNoise === 0) return { actions, rewards: sure };
      const noise = random.normal(random.foldIn(key, "rewards"), [batch], { dtype: floatOf(chances) });
      return { actions, rewards: sure.add(noise.mul(rewardNoise)) };
    },
    logProbs(eta, agent, data) {
      const logs = nn.logSoftmax(policyLogits(eta, agent));
      return oneHot(data, logs.dtype).mul(logs).sum(1, { keepdims: true });
    },
    rewards: ({ rewards }) => rewards.reshape([batch, 1]),
    learn(eta, agent, data, weights, t) {
      const chances = nn.softmax(policyLogits(eta, agent));
      const chosen = oneHot(data, chances.dtype).mul(weights).sum(0);
      const gradient = chosen.sub(chances.mul(weights.sum())).mul(1 / batch);
      const own = inverseTemperature === undefined ? gradient : gradient.mul(inverseTemperature(eta));
      return { logits: agent.logits.add(own.mul(rate(eta, t))) };
    },
    ...(rewardNoise === 0 && typeof arms !== "number"
      ? { enumerate: (world: BanditWorld) => everyBatch(world, count, batch) }
      : {}),
  };
}

const wide = { dtype: "float64" } as const;
const floatOf = (x: Tensor) => tree.floatType(x);

/** exp of a uniform number in [-100, 1): one arm in a hundred pays. */
function drawArms(key: Key, count: number): Tensor {
  return np.exp(random.uniform(random.foldIn(key, "arms"), [count], { minval: -100, maxval: 1 })) as Tensor;
}

/**
 * Categories [B] of chances [K], or [B, K], at uniforms [B]: the first whose partial sum reaches the uniform. Partial
 * sums in float64 and uniforms from the middle of their cells, so that no category is taken for a rounding error: one
 * of chance 1e-20, taken once in 10 million draws, would dominate the variance of a score.
 */
export function inverseCdf(chances: Tensor, uniforms: Tensor): Tensor {
  const sums = np.cumsum(chances.astype("float64"), -1) as Tensor;
  const total = sums.slice(...chances.shape.slice(1).map((): [] => []), [-1]);
  const middle = uniforms
    .astype("float64")
    .add(2 ** -24)
    .reshape([...uniforms.shape, 1])
    .mul(total);
  return sums.less(middle).astype("int32").sum(-1);
}

function everyBatch({ means }: BanditWorld, arms: number, batch: number) {
  const total = arms ** batch;
  const actions = Array.from({ length: total }, (_, i) =>
    Array.from({ length: batch }, (_, b) => Math.floor(i / arms ** b) % arms),
  );
  return {
    data: {
      actions: np.array(actions, { dtype: "int32" }),
      rewards: np.array(
        actions.map((row) => row.map((a) => means.data[a]!)),
        { dtype: means.dtype },
      ),
    },
    logChance: actions.map(() => 0),
  };
}
