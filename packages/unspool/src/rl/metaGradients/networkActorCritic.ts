/**
 * An actor-critic of two networks in the moving maze: B episodes of H actions per update, and one step of gradient descent
 *
 *     loss = -mean_{b,h}(A_{b,h} log pi) + v/2 mean (G - V)² - entropy(eta, recent returns) mean entropy,   A = G - stop(V)
 *
 * The weight of the entropy may depend on the agent's own mean returns of the last updates: what a meta-gradient can learn is
 * when to explore again, for the objects of the maze change their worth. Learner of Vuorio, Beck, Whiteson, Foerster,
 * Farquhar, arXiv 2209.11303 (there 256-256 units; the default here is what two cores can differentiate).
 */
import { type Key, type Tensor, grad, nn, np, random, scan, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Layer, applyMlp, initMlp } from "../../networks/index.ts";
import { inverseCdf } from "../environments/bandit.ts";
import { type LearningTask, returnsToGo } from "../environments/learningTask.ts";
import type { MovingMaze, MovingMazeState } from "../environments/movingMaze.ts";

export interface NetworkActorCriticOptions<Eta> {
  /** Updates of a lifetime, T. Default 160. */
  updates?: number;
  /** Episodes per update, B. Default 5. */
  batch?: number;
  /** Units of the hidden layers of both networks. Default [16]. */
  hidden?: readonly number[];
  /** Step size of update t. Default 1. */
  rate?: (eta: Eta, t: Tensor) => Tensor | number;
  /** Weight of the policy's entropy, from the mean returns of the last `remembered` updates, latest last. Default 0. */
  entropy?: (eta: Eta, recent: Tensor) => Tensor | number;
  /** Mean returns that the agent remembers; 0 before there were any. Default 10. */
  remembered?: number;
  /** Weight of the values' squared error. Default 0.1. */
  valueWeight?: number;
  /** Updates between two changes of the objects' worth. Default 80: 6400 steps of 5 episodes of 16. */
  swapEvery?: number;
}

export interface NetworkAgent {
  policy: Layer[];
  critic: Layer[];
  /** Mean returns of the last updates, [remembered]. */
  recent: Tensor;
  /** int32: updates done. */
  updates: Tensor;
}

/** The first networks of a lifetime. */
export interface NetworkWorld {
  policy: Layer[];
  critic: Layer[];
}

/** int32 [B, H], but for the rewards. */
export interface NetworkData {
  agents: Tensor;
  firsts: Tensor;
  seconds: Tensor;
  actions: Tensor;
  /** [B, H]. */
  rewards: Tensor;
}

/** A learner in `maze`. */
export function networkActorCritic<Eta>(
  maze: MovingMaze,
  options: NetworkActorCriticOptions<Eta> = {},
): LearningTask<Eta, NetworkAgent, NetworkWorld, NetworkData> {
  const where = "networkActorCritic";
  requireKnownOptions(where, options, [
    "updates",
    "batch",
    "hidden",
    "rate",
    "entropy",
    "remembered",
    "valueWeight",
    "swapEvery",
  ]);
  const {
    updates = 160,
    batch = 5,
    hidden = [16],
    remembered = 10,
    valueWeight = 0.1,
    swapEvery = 80,
  } = options;
  const { rate = () => 1, entropy } = options;
  for (const [name, value] of Object.entries({ updates, batch, remembered, swapEvery }))
    requireInteger(where, name, value, 1);
  hidden.forEach((units) => requireInteger(where, "hidden", units, 1));
  if (!(valueWeight >= 0)) throw new OptionError(where, "valueWeight", valueWeight, "at least 0");
  const { horizon, discount, actions, observationSize } = maze;
  const count = batch * horizon;

  /** Observations of all steps in one list, [B · H, observationSize]. */
  const seen = (data: NetworkData, dtype: "float32" | "float64"): Tensor => {
    const [agent, first, second] = [data.agents, data.firsts, data.seconds].map((x) =>
      x.reshape([count]),
    ) as [Tensor, Tensor, Tensor];
    return maze.observe({ agent, first, second }, dtype);
  };
  const judged = ({ policy, critic }: Pick<NetworkAgent, "policy" | "critic">, data: NetworkData) => {
    const inputs = seen(data, tree.floatType(policy));
    const logs = nn.logSoftmax(applyMlp(policy, inputs, undefined, np.tanh));
    const did = nn.oneHot(data.actions.reshape([count]), actions).astype(logs.dtype);
    return {
      logProbs: logs.mul(did).sum(-1).reshape([batch, horizon]),
      entropy: np
        .exp(logs)
        .mul(logs)
        .sum()
        .mul(-1 / count),
      values: applyMlp(critic, inputs, undefined, np.tanh).reshape([batch, horizon]),
    };
  };

  return {
    name: where,
    updates,
    batch,
    actions: horizon,
    discount,
    world: (key) => ({
      policy: initMlp(random.foldIn(key, "policy"), [observationSize, ...hidden, actions]),
      critic: initMlp(random.foldIn(key, "critic"), [observationSize, ...hidden, 1]),
    }),
    init: (_eta, { policy, critic }) => ({
      ...{ policy, critic },
      recent: np.zeros([remembered]),
      updates: tree.scalar(0, "int32"),
    }),
    sample: (_eta, agent, _world, key) => {
      // 1, 3, 5, … stretches of updates later the worth is the other way round.
      const isSwapped = np.floor(agent.updates.astype("float32").add(0.5).div(swapEvery)).mod(2).equal(1);
      return sampleBatch(maze, batch, agent.policy, isSwapped, key);
    },
    logProbs: (_eta, agent, data) => judged(agent, data).logProbs,
    rewards: ({ rewards }) => rewards,
    values: (agent, data) => judged(agent, data).values,
    advantages: (_eta, agent, data) => returnsToGo(data.rewards, discount).sub(judged(agent, data).values),
    learn(eta, agent, data, weights, t) {
      const { policy, critic, recent } = agent;
      const returns = returnsToGo(data.rewards, discount);
      const bonus = entropy?.(eta, recent) ?? 0;
      const loss = (networks: { policy: Layer[]; critic: Layer[] }): Tensor => {
        const { logProbs, entropy: spread, values } = judged(networks, data);
        const misses = returns.sub(values);
        return weights
          .mul(logProbs)
          .mean()
          .neg()
          .add(
            misses
              .mul(misses)
              .mean()
              .mul(valueWeight / 2),
          )
          .sub(spread.mul(bonus));
      };
      const slope = grad(loss)({ policy, critic });
      const size = rate(eta, t);
      const moved = (x: Tensor, g: Tensor): Tensor => x.sub(g.mul(size));
      const now = returns.slice([], 0).mean().reshape([1]);
      return {
        policy: tree.map(moved, policy, slope.policy),
        critic: tree.map(moved, critic, slope.critic),
        recent: np.concatenate([recent.slice([1, remembered]), now.astype(recent.dtype)]),
        updates: agent.updates.add(1),
      };
    },
  };
}

/** B episodes side by side; actions from one uniform each by the inverse distribution function. */
function sampleBatch(
  maze: MovingMaze,
  batch: number,
  policy: Layer[],
  isSwapped: Tensor,
  key: Key,
): NetworkData {
  const dtype = tree.floatType(policy);
  const moves = random.foldIn(key, "moves");
  const uniforms = random.uniform(random.foldIn(key, "actions"), [maze.horizon, batch], { dtype });
  const step = (state: MovingMazeState, u: Tensor, h: Tensor): [MovingMazeState, Record<string, Tensor>] => {
    const chances = nn.softmax(applyMlp(policy, maze.observe(state, dtype), undefined, np.tanh));
    const actions = inverseCdf(chances, u);
    const next = maze.step(state, actions, isSwapped, random.foldIn(moves, h));
    const { agent, first, second } = state;
    return [next.state, { agent, first, second, actions, rewards: next.rewards.astype(dtype) }];
  };
  const first = maze.start(random.foldIn(key, "start"), batch);
  const [, rows] = scan(step, first, uniforms, { length: maze.horizon });
  const column = (name: string): Tensor => (rows as Record<string, Tensor>)[name]!.transpose();
  return {
    agents: column("agent"),
    firsts: column("first"),
    seconds: column("second"),
    actions: column("actions"),
    rewards: column("rewards"),
  };
}
