/**
 * An agent that learns by policy gradient from data it samples itself: one lifetime of T updates.
 *
 * Lifetime i = 0 … T - 1 draws a batch D_i of B trajectories of H actions with the agent of the moment and updates:
 *
 *     agent_{i+1} = agent_i + rate(eta) · ghat(agent_i, D_i),   ghat = 1/B sum_b sum_h w_{b,h} grad log pi(a_{b,h} | s_{b,h})
 *
 * Meta-parameters eta may enter anywhere. Its objective is the mean over updates of the mean return of a batch:
 * Vuorio, Beck, Whiteson, Foerster, Farquhar, "An Investigation of the Bias-Variance Tradeoff in Meta-Gradients",
 * arXiv 2209.11303. The weights w come from outside, because how they depend on the agent is what methods differ in.
 */
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";

/** Traced functions for ONE lifetime; floating-point leaves take the dtype of eta. */
export interface LearningTask<Eta = unknown, Agent = unknown, World = unknown, Data = unknown> {
  readonly name: string;
  /** Updates of one lifetime, T. */
  readonly updates: number;
  /** Trajectories per update, B. */
  readonly batch: number;
  /** Actions per trajectory, H. */
  readonly actions: number;
  /** Of rewards within a trajectory. */
  readonly discount: number;
  /** What is constant in a lifetime and unknown to the agent. */
  world(key: Key): World;
  /** The agent before the first update. */
  init(eta: Eta, world: World): Agent;
  /** What happens before update t: actions and rewards, constants for every derivative. */
  sample(eta: Eta, agent: Agent, world: World, key: Key): Data;
  /** log pi of every action, [B, H]: differentiable in eta and agent. */
  logProbs(eta: Eta, agent: Agent, data: Data): Tensor;
  /** [B, H]. */
  rewards(data: Data): Tensor;
  /** Weights of the agent's own gradient ghat, [B, H]. Default: discounted returns from each action on. */
  advantages?(eta: Eta, agent: Agent, data: Data): Tensor;
  /**
   * What the update learns from, where that is not what update t has drawn (replay): log pi and rewards, [B, H]. Default:
   * `logProbs` and `rewards`.
   */
  learnedFrom?(eta: Eta, agent: Agent, data: Data): { logProbs: Tensor; rewards: Tensor };
  /** What the agent expects of the rest of each trajectory, [B, H]: a baseline that depends on its past data. */
  values?(agent: Agent, data: Data): Tensor;
  /** The agent after update t (int32 scalar). Weights [B, H] are constants for the agent's own differentiation. */
  learn(eta: Eta, agent: Agent, data: Data, weights: Tensor, t: Tensor): Agent;
  /** All that can happen in one update, where that is finite. */
  enumerate?(world: World): Enumeration<Data>;
}

/** Every batch that can occur, M of them. */
export interface Enumeration<Data = unknown> {
  /** Leaves [M, …]. */
  data: Data;
  /** Log-probability of all but the actions (starts, transitions): 0 where only actions are random. */
  logChance: readonly number[];
}

/** A task whose types have been forgotten: what estimators work with. */
export interface ErasedTask {
  readonly name: string;
  readonly updates: number;
  readonly batch: number;
  readonly actions: number;
  readonly discount: number;
  world(key: Key): unknown;
  init(eta: unknown, world: unknown): unknown;
  sample(eta: unknown, agent: unknown, world: unknown, key: Key): unknown;
  logProbs(eta: unknown, agent: unknown, data: unknown): Tensor;
  rewards(data: unknown): Tensor;
  advantages?(eta: unknown, agent: unknown, data: unknown): Tensor;
  learnedFrom?(eta: unknown, agent: unknown, data: unknown): { logProbs: Tensor; rewards: Tensor };
  values?(agent: unknown, data: unknown): Tensor;
  learn(eta: unknown, agent: unknown, data: unknown, weights: Tensor, t: Tensor): unknown;
  enumerate?(world: unknown): Enumeration;
}

const erasedTasks = new WeakMap<object, ErasedTask>();

/** The same object for the same task: programs are kept by it. */
export function eraseTask<Eta, Agent, World, Data>(task: LearningTask<Eta, Agent, World, Data>): ErasedTask {
  const known = erasedTasks.get(task);
  if (known !== undefined) return known;
  const erased = task;
  // Functions of the user get records of their own.
  const own = Object.entries(erased).map(([name, part]: [string, unknown]) => {
    if (typeof part !== "function") return [name, part] as const;
    return [name, (...args: unknown[]): unknown => part.apply(erased, args.map(tree.copy))] as const;
  });
  const result = Object.assign(Object.create(erased) as ErasedTask, Object.fromEntries(own));
  erasedTasks.set(task, result);
  return result;
}

/** The world of a lifetime in eta's dtype. */
export function worldOf(task: ErasedTask, eta: unknown, key: Key): unknown {
  return inTypeOf(eta, task.world(key));
}

/** The agent at the start of a lifetime. */
export function firstAgent(task: ErasedTask, eta: unknown, world: unknown): unknown {
  return inTypeOf(eta, task.init(eta, world));
}

/** Numbers and floating-point leaves as tensors of eta's dtype. */
export function inTypeOf(eta: unknown, value: unknown): unknown {
  const dtype = tree.floatType(eta);
  return tree.map(
    (leaf: Tensor) => (isFloat(leaf) && leaf.dtype !== dtype ? leaf.astype(dtype) : leaf),
    tree.tensors(value, dtype) as unknown,
  );
}

const isFloat = (leaf: Tensor): boolean => leaf.dtype === "float32" || leaf.dtype === "float64";

/** Discounted sums of rewards from each action on: G_h = sum_{k >= h} discount^(k - h) r_k, [B, H]. */
export function returnsToGo(rewards: Tensor, discount: number): Tensor {
  const length = rewards.shape[1]!;
  if (length === 1) return rewards;
  const powers = Array.from({ length }, (_, k) =>
    Array.from({ length }, (_, h) => (k < h ? 0 : discount ** (k - h))),
  );
  return np.matmul(rewards, np.array(powers, { dtype: rewards.dtype })) as Tensor;
}

/** 1, discount, discount², …, [H]. */
export function discounts(task: ErasedTask, dtype: Tensor["dtype"]): Tensor {
  return np.array(
    Array.from({ length: task.actions }, (_, h) => task.discount ** h),
    { dtype },
  );
}

/** Throws `ShapeError` unless `table` is [B, H]. */
export function requireBatch(task: ErasedTask, what: string, table: Tensor): Tensor {
  if (table.ndim === 2 && table.shape[0] === task.batch && table.shape[1] === task.actions) return table;
  throw new ShapeError(
    task.name,
    `${what} must be [batch, actions] = [${task.batch}, ${task.actions}], got ${table.toString()}.`,
  );
}
