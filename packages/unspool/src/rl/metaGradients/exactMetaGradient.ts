/**
 * The meta-gradient of a small task without sampling: the derivative of J = sum over lifetimes of p(lifetime) R.
 *
 *     d J / d eta = sum_lifetimes p · R · d log p / d eta
 *
 * where log p runs over ALL actions of the lifetime and the path of the agent depends on eta with data fixed.
 */
import { np, tree } from "../../array/index.ts";
import { requireKnownOptions } from "../../errors.ts";
import { cut } from "../../estimators/index.ts";
import { everyLifetime } from "./everyLifetime.ts";
import { type LearningTask, eraseTask } from "../environments/learningTask.ts";
import { checkedSwitches } from "./metaGradientOptions.ts";

export interface ExactMetaGradient<Eta> {
  /** Minus the expected return J. */
  loss: number;
  /** Of the loss, like eta; float64. */
  gradient: Eta;
}

const name = "exactMetaGradient";

/**
 * Loss and gradient by enumeration; the cost is that of M^T lifetimes. Give eta in float64.
 *
 * @example
 * const task = bandit({ arms: [2, 1, 0.5], updates: 6, batch: 1, rewardNoise: 0, rate: learnedRates() });
 * const { loss, gradient } = exactMetaGradient(task, { rates: np.array(1.5, { dtype: "float64" }) });
 */
export function exactMetaGradient<Eta, Agent, World, Data>(
  task: LearningTask<Eta, Agent, World, Data>,
  eta: Eta,
  options: { objective?: "mean" | "last" } = {},
): ExactMetaGradient<Eta> {
  const erased = eraseTask(task);
  requireKnownOptions(name, options, ["objective"]);
  const { objective = "mean" } = options;
  const switches = checkedSwitches(name, erased, { objective });
  const all = everyLifetime(name, erased, eta, switches, 0);
  const count = tree.size(eta);
  const steps = objective === "last" ? 1 : task.updates;
  const gradient = new Float64Array(count);
  let loss = 0;
  all.probability.forEach((p, i) => {
    const weight = (-p * all.objective[i]!) / steps;
    loss += weight;
    for (let j = 0; j < count; j++) gradient[j]! += weight * all.score[i * count + j]!;
  });
  const like = tree.astype(eta as unknown, "float64");
  return { loss, gradient: cut(like, np.array(gradient)) as Eta };
}
