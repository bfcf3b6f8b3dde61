/**
 * A tabular actor-critic in a finite MDP: logits [S, A] and values [S], B trajectories of H actions per update.
 *
 *     loss = -mean_{b,h}(A_{b,h} log pi) + v/2 mean (G - V)² - entropy(eta) mean entropy,   A = G - stop(V)
 *     agent <- agent - rate · grad loss
 *
 * G are discounted returns; the gradients of tables are closed forms. With `rewards` every lifetime has a table of its
 * own (and the agent cannot see it): something to adapt to. The learner of Vuorio et al., arXiv 2209.11303, in tables.
 */
import { type Key, type Tensor, nn, np, random, scan, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { inverseCdf } from "../environments/bandit.ts";
import { type LearningTask, returnsToGo } from "../environments/learningTask.ts";
import { type TabularMdp, everyTrajectory } from "../environments/tabularMdp.ts";

export interface ActorCriticOptions<Eta> {
  /** Updates of a lifetime, T. Default 8. */
  updates?: number;
  /** Trajectories per update, B. Default 10. */
  batch?: number;
  /** Step size of update t. Default 1. */
  rate?: (eta: Eta, t: Tensor) => Tensor | number;
  /** Weight of the policy's entropy. Default 0. */
  entropy?: (eta: Eta) => Tensor | number;
  /** Weight of the values' squared error; 0 leaves the values at 0, and advantages are returns. Default 0.1. */
  valueWeight?: number;
  /** First logits [S, A]. Default 0. */
  init?: (eta: Eta) => Tensor;
  /** Rewards [S, A] of one lifetime. Default: the MDP's. */
  rewards?: (key: Key) => Tensor;
}

export type ActorCriticAgent = { logits: Tensor; values: Tensor };
/** [S, A]. */
export type ActorCriticWorld = { rewards: Tensor };
/** int32 [B, H], int32 [B, H], [B, H]. */
export type ActorCriticData = { states: Tensor; actions: Tensor; rewards: Tensor };

/** A learner in `mdp`, enumerable if its rewards are the MDP's and its trajectories few. */
export function actorCritic<Eta>(
  mdp: TabularMdp,
  options: ActorCriticOptions<Eta> = {},
): LearningTask<Eta, ActorCriticAgent, ActorCriticWorld, ActorCriticData> {
  requireKnownOptions("actorCritic", options, [
    "updates",
    "batch",
    "rate",
    "entropy",
    "valueWeight",
    "init",
    "rewards",
  ]);
  const { updates = 8, batch = 10, rate = () => 1, entropy, valueWeight = 0.1 } = options;
  requireInteger("actorCritic", "updates", updates, 1);
  requireInteger("actorCritic", "batch", batch, 1);
  if (!(valueWeight >= 0)) throw new OptionError("actorCritic", "valueWeight", valueWeight, "at least 0");
  const { horizon, discount } = mdp;
  const [states, actions] = [mdp.rewards.length, mdp.transitions.length];
  const { init = () => np.zeros([states, actions]) } = options;
  const ownRewards = () =>
    np.array(
      mdp.rewards.map((row) => [...row]),
      { dtype: "float64" },
    );
  const each = 1 / (batch * horizon);

  /** One-hot rows of all actions in one list: [B · H, S], [B · H, A]. */
  const visits = (data: ActorCriticData, dtype: Tensor["dtype"]) => ({
    at: nn.oneHot(data.states.reshape([batch * horizon]), states).astype(dtype),
    did: nn.oneHot(data.actions.reshape([batch * horizon]), actions).astype(dtype),
  });
  const product = (a: Tensor, b: Tensor): Tensor => np.matmul(a, b) as Tensor;
  const valuesAt = ({ values }: ActorCriticAgent, data: ActorCriticData): Tensor =>
    product(visits(data, values.dtype).at, values.reshape([states, 1])).reshape([batch, horizon]);

  return {
    name: "actorCritic",
    updates,
    batch,
    actions: horizon,
    discount,
    world: (key) => ({ rewards: options.rewards?.(key) ?? ownRewards() }),
    init: (eta) => ({ logits: init(eta), values: np.zeros([states]) }),
    sample: (_eta, { logits }, { rewards }, key) => sampleBatch(mdp, batch, nn.softmax(logits), rewards, key),
    logProbs(_eta, { logits }, data) {
      const { at, did } = visits(data, logits.dtype);
      const logs = product(at, nn.logSoftmax(logits));
      return logs.mul(did).sum(1).reshape([batch, horizon]);
    },
    rewards: ({ rewards }) => rewards,
    values: valuesAt,
    advantages: (_eta, agent, data) => returnsToGo(data.rewards, discount).sub(valuesAt(agent, data)),
    learn(eta, agent, data, weights, t) {
      const { logits, values } = agent;
      const { at, did } = visits(data, logits.dtype);
      const count = batch * horizon;
      const chances = nn.softmax(logits);
      const weighted = product(at.transpose(), did.mul(weights.reshape([count, 1])));
      const gain = weighted.sub(chances.mul(weighted.sum(1, { keepdims: true })));
      const misses = returnsToGo(data.rewards, discount).sub(valuesAt(agent, data)).reshape([1, count]);
      const closer = product(misses, at).reshape([states]);
      const size = rate(eta, t);
      const ascent = entropy === undefined ? gain : gain.add(entropyGradient(logits, at).mul(entropy(eta)));
      return {
        logits: logits.add(ascent.mul(each).mul(size)),
        values: values.add(closer.mul(each * valueWeight).mul(size)),
      };
    },
    ...(options.rewards === undefined
      ? { enumerate: ({ rewards }: ActorCriticWorld) => everyBatch(mdp, batch, rewards) }
      : {}),
  };
}

/** Visits of each state times the gradient of its policy's entropy: - p (log p + entropy), [S, A]. */
function entropyGradient(logits: Tensor, at: Tensor): Tensor {
  const [logs, chances] = [nn.logSoftmax(logits), nn.softmax(logits)];
  const entropy = chances.mul(logs).sum(1, { keepdims: true }).neg();
  const counts = at.sum(0).reshape([-1, 1]);
  return chances.mul(logs.add(entropy)).mul(counts).neg();
}

/** B trajectories at once, each action and each move from one uniform by the inverse distribution function. */
function sampleBatch(
  mdp: TabularMdp,
  batch: number,
  chances: Tensor,
  rewards: Tensor,
  key: Key,
): ActorCriticData {
  const { transitions, start, horizon } = mdp;
  const [states, actions] = [mdp.rewards.length, transitions.length];
  const dtype = tree.floatType(chances);
  const uniforms = (name: string) => random.uniform(random.foldIn(key, name), [horizon, batch], { dtype });
  const first = random.uniform(random.foldIn(key, "start"), [batch], { dtype });
  // Rows of the moves: state · actions + action.
  const moves = np.array(
    Array.from({ length: states * actions }, (_, i) => [
      ...transitions[i % actions]![Math.floor(i / actions)]!,
    ]),
    { dtype },
  );
  const rowsOf = (index: Tensor, count: number) => nn.oneHot(index, count).astype(dtype);
  const step = (state: Tensor, u: { action: Tensor; move: Tensor }): [Tensor, Record<string, Tensor>] => {
    const action = inverseCdf(np.matmul(rowsOf(state, states), chances) as Tensor, u.action);
    const pair = rowsOf(state.mul(actions).add(action), states * actions);
    const reward = pair.mul(rewards.reshape([1, states * actions])).sum(1);
    return [inverseCdf(np.matmul(pair, moves) as Tensor, u.move), { state, action, reward }];
  };
  const [, rows] = scan(
    step,
    inverseCdf(np.array([...start], { dtype }), first),
    { action: uniforms("actions"), move: uniforms("moves") },
    { length: horizon },
  );
  const { state, action, reward } = rows as Record<string, Tensor>;
  return { states: state!.transpose(), actions: action!.transpose(), rewards: reward!.transpose() };
}

function everyBatch(mdp: TabularMdp, batch: number, rewards: Tensor) {
  const all = everyTrajectory(mdp);
  const actions = mdp.transitions.length;
  const total = all.length ** batch;
  const rows = Array.from({ length: total }, (_, i) =>
    Array.from({ length: batch }, (_, b) => all[Math.floor(i / all.length ** b) % all.length]!),
  );
  const int = { dtype: "int32" } as const;
  const gained = ({ states, actions: done }: { states: readonly number[]; actions: readonly number[] }) =>
    states.map((s, h) => rewards.data[s * actions + done[h]!]!);
  return {
    data: {
      states: np.array(
        rows.map((row) => row.map(({ trajectory }) => [...trajectory.states])),
        int,
      ),
      actions: np.array(
        rows.map((row) => row.map(({ trajectory }) => [...trajectory.actions])),
        int,
      ),
      rewards: np.array(
        rows.map((row) => row.map(({ trajectory }) => gained(trajectory))),
        { dtype: rewards.dtype },
      ),
    },
    logChance: rows.map((row) => row.reduce((sum, { logChance }) => sum + logChance, 0)),
  };
}
