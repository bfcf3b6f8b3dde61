/**
 * One update of a lifetime as the meta-gradient sees it. With data D_i fixed, and returns G of its actions,
 *
 *     S_i = lambda c_i mean_b(G_{b,0} - b_0) + 1/B sum_b sum_h discount^h (G_{b,h} - b_h) log pi_{b,h}
 *     c_{i+1} = m (c_i + sum_b sum_h log pi_{b,h})        (1/B of the sum in the mean form)
 *
 * The gradient of sum_i S_i through the path of the agent is the meta-gradient: the second term credits the actions
 * of update i, the first (the sampling correction) the data that made the agent what it is.
 */
import { type Tensor, tree } from "../../array/index.ts";
import { type HessianMethod, hessianWeights, stop } from "./hessianWeights.ts";
import {
  type ErasedTask,
  discounts,
  inTypeOf,
  requireBatch,
  returnsToGo,
} from "../environments/learningTask.ts";

/** What is decided when a program is traced. */
export interface SurrogateChoice {
  hessian: HessianMethod;
  decay: number;
  /** c sums means over the batch instead of sums. */
  isMean: boolean;
}

/** Constants of one update. */
export interface Observation {
  /** Discounted rewards from each action on, [B, H]. */
  returns: Tensor;
  /** discount^h r_h, [B, H]. */
  discounted: Tensor;
  /** Mean over the batch, [H]; its first element is the batch's return. */
  mean: Tensor;
}

export function observe(task: ErasedTask, data: unknown): Observation {
  const rewards = requireBatch(task, "rewards", task.rewards(data));
  const returns = returnsToGo(rewards, task.discount);
  return {
    returns,
    discounted: task.discount === 1 ? rewards : rewards.mul(discounts(task, rewards.dtype)),
    mean: returns.mean(0),
  };
}

export interface SurrogateTerms {
  /** After the update. */
  agent: unknown;
  /** 1/B sum_b sum_h discount^h (G - b) log pi: scalar. */
  direct: Tensor;
  /** What c grows by: scalar. */
  score: Tensor;
  /** Sum of log pi over the batch: scalar. */
  logProb: Tensor;
}

/** The terms of one update as functions of eta and agent. `centred` is G - b, [B, H]. */
export function surrogateTerms(
  task: ErasedTask,
  { hessian, decay, isMean }: SurrogateChoice,
  at: { eta: unknown; agent: unknown; data: unknown; t: Tensor },
  { returns, discounted }: Observation,
  centred: Tensor,
): SurrogateTerms {
  const { eta, agent, data, t } = at;
  const logProbs = requireBatch(task, "logProbs", task.logProbs(eta, agent, data));
  const factors = discounts(task, returns.dtype);
  const learned = task.learnedFrom?.(eta, agent, data);
  const own = task.advantages?.(eta, agent, data) ?? returns.mul(factors);
  const weights = hessianWeights({
    method: hessian,
    decay,
    logProbs: learned?.logProbs ?? logProbs,
    advantages: stop(requireBatch(task, "advantages", own)),
    discounted: learned === undefined ? discounted : learned.rewards.mul(factors),
  });
  const logProb = logProbs.sum();
  return {
    agent:
      hessian === "firstOrder" ? firstOrder(task, at, weights) : updated(task, eta, agent, data, weights, t),
    direct: logProbs
      .mul(centred.mul(factors))
      .sum()
      .mul(1 / task.batch),
    score: isMean ? logProb.mul(1 / task.batch) : logProb,
    logProb,
  };
}

/** The update with its own change held independent of the agent: d agent_{i+1} / d agent_i = I. */
function firstOrder(
  task: ErasedTask,
  { eta, agent, data, t }: { eta: unknown; agent: unknown; data: unknown; t: Tensor },
  weights: Tensor,
): unknown {
  const frozen = tree.map(stop, agent);
  const next = updated(task, eta, frozen, data, weights, t);
  return tree.map(
    (after: Tensor, now: Tensor, fixed: Tensor) => after.add(now.sub(fixed)),
    next,
    agent,
    frozen,
  );
}

function updated(
  task: ErasedTask,
  eta: unknown,
  agent: unknown,
  data: unknown,
  weights: Tensor,
  t: Tensor,
): unknown {
  const next = inTypeOf(eta, task.learn(eta, agent, data, weights, t));
  tree.requireSame(`${task.name}.learn`, "the returned agent", agent, next);
  return next;
}
