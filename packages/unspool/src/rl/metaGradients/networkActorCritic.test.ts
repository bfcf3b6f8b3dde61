/** Networks in the moving maze: the update is the gradient of its loss, worth changes, and meta-gradients go through. */
import { describe, expect, test } from "vitest";
import { type Tensor, jvp, nn, np, random, tree } from "../../array/index.ts";
import { metaGradient, movingMaze, networkActorCritic } from "../index.ts";
import type { NetworkAgent } from "./networkActorCritic.ts";

type Eta = { bonus: Tensor };
const maze = movingMaze({ side: 3, horizon: 4 });
const learner = (updates: number, more: object = {}) =>
  networkActorCritic<Eta>(maze, {
    ...{ updates, batch: 2, hidden: [4], remembered: 2, rate: () => 0.5, valueWeight: 0.3 },
    entropy: ({ bonus }, recent) => nn.softplus(bonus.add(recent.sum())),
    ...more,
  });
const eta: Eta = { bonus: np.array(0.2, { dtype: "float64" }) };

/** An agent in float64, after some updates. */
function started(task: ReturnType<typeof learner>): NetworkAgent {
  const world = tree.astype(task.world(random.key(2)), "float64");
  return tree.map(
    (leaf: Tensor) => (leaf.dtype === "float32" ? leaf.astype("float64") : leaf),
    task.init(eta, world),
  );
}

describe("one update", () => {
  const task = learner(3);
  const agent = started(task);
  const data = task.sample(eta, agent, tree.astype(task.world(random.key(2)), "float64"), random.key(3));
  const weights = task.advantages!(eta, agent, data);
  const after = task.learn(eta, agent, data, weights, tree.scalar(0, "int32"));

  test("is one step of gradient descent on the loss of the actor-critic, by central differences", () => {
    const bonus = Math.log1p(Math.exp(0.2));
    /** From log pi of every action in the states that were visited, and from the values. */
    const loss = (at: NetworkAgent): number => {
      const logs = [0, 1, 2, 3].map((a) => {
        const actions = np.full([2, 4], a, { dtype: "int32" });
        return [...task.logProbs(eta, at, { ...data, actions }).data];
      });
      const values = [...task.values!(at, data).data];
      const { rewards, actions } = data;
      let sum = 0;
      for (let i = 0; i < 8; i++) {
        let [back, factor] = [0, 1];
        for (let k = i; k <= 4 * Math.floor(i / 4) + 3; k++) {
          back += factor * rewards.data[k]!;
          factor *= 0.99;
        }
        const entropy = logs.reduce((all, row) => all - Math.exp(row[i]!) * row[i]!, 0);
        sum += -weights.data[i]! * logs[actions.data[i]!]![i]!;
        sum += (0.3 / 2) * (back - values[i]!) ** 2 - bonus * entropy;
      }
      return sum / 8;
    };
    const h = 1e-5;
    const shifted = (network: "policy" | "critic", layer: number, index: number, by: number) => {
      const weightsOf = agent[network][layer]!.weights;
      const values = weightsOf.data.slice();
      values[index]! += by;
      const moved = { ...agent[network][layer]!, weights: np.array(values, { shape: [...weightsOf.shape] }) };
      return { ...agent, [network]: agent[network].with(layer, moved) };
    };
    for (const network of ["policy", "critic"] as const) {
      for (const layer of [0, 1]) {
        const { weights: before } = agent[network][layer]!;
        // Those that move most.
        const moves = Array.from(before.data, (x, i) => after[network][layer]!.weights.data[i]! - x);
        const index = moves.reduce((best, x, i) => (Math.abs(x) > Math.abs(moves[best]!) ? i : best), 0);
        const slope =
          (loss(shifted(network, layer, index, h)) - loss(shifted(network, layer, index, -h))) / (2 * h);
        expect(Math.abs(moves[index]!)).toBeGreaterThan(1e-4);
        expect(moves[index]).toBeCloseTo(-0.5 * slope, 8);
      }
    }
  });
  test("remembers the batch's mean return, latest last", () => {
    const returns = [0, 1].map((b) => [0, 1, 2, 3].reduce((sum, h) => sum + 0.99 ** h * data.rewards.data[4 * b + h]!, 0)); // prettier-ignore
    expect(after.recent.data[0]).toBe(0);
    expect(after.recent.data[1]).toBeCloseTo((returns[0]! + returns[1]!) / 2, 12);
    expect(after.updates.item()).toBe(1);
  });
});

test("the objects' worth changes every so many updates", { tags: ["long"] }, () => {
  const task = learner(9, { swapEvery: 3, batch: 40 });
  const agent = started(task);
  const world = tree.astype(task.world(random.key(2)), "float64");
  const signs = [2, 3, 5, 6].map((updates) => {
    const at = { ...agent, updates: tree.scalar(updates, "int32") };
    const data = task.sample(eta, at, world, random.key(5));
    // Rewards of the first moves, which all start alike: the sign of those that hit the first object.
    const hit = Array.from({ length: 40 }, (_, b) => {
      const [now, next] = [data.firsts.data[4 * b]!, data.firsts.data[4 * b + 1]!];
      return now === next ? 0 : Math.sign(data.rewards.data[4 * b]!);
    }).filter((sign) => sign !== 0);
    expect(new Set(hit).size).toBe(1);
    return hit[0];
  });
  expect(signs).toEqual([1, -1, -1, 1]);
});

test("updates are differentiated through, along eta and the agent: what meta-gradients need", () => {
  const task = learner(3);
  const agent = started(task);
  const data = task.sample(eta, agent, tree.astype(task.world(random.key(2)), "float64"), random.key(3));
  const weights = task.advantages!(eta, agent, data);
  const { policy, critic } = agent;
  /** A number that depends on all of two updates. */
  const twice = (bonus: Tensor, networks: Pick<NetworkAgent, "policy" | "critic">): Tensor => {
    const at = { bonus };
    const once = task.learn(at, { ...agent, ...networks }, data, weights, tree.scalar(0, "int32"));
    const next = task.learn(at, once, data, weights, tree.scalar(1, "int32"));
    return tree.dot(next.policy, next.policy).add(tree.dot(next.critic, next.critic));
  };
  const along = tree.map((leaf: Tensor) => np.cos(np.arange(leaf.size).add(1).astype("float64")).reshape([...leaf.shape]), { policy, critic }); // prettier-ignore
  const moved = (by: number): number =>
    twice(eta.bonus.add(by), tree.add({ policy, critic }, tree.scale(along, by))).item();
  const [, slope] = jvp(twice, [eta.bonus, { policy, critic }], [np.array(1, { dtype: "float64" }), along]);
  const h = 1e-5;
  expect(Math.abs(slope.item())).toBeGreaterThan(0.1);
  expect(slope.item()).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 5);
});

test("a meta-gradient of lifetimes with three parameters in the entropy bonus is finite and of eta's shape", () => {
  type Remembering = { bias: Tensor; weights: Tensor };
  const task = networkActorCritic<Remembering>(maze, {
    ...{ updates: 4, batch: 2, hidden: [4], remembered: 2, swapEvery: 2 },
    entropy: ({ bias, weights }, recent) => nn.sigmoid(bias.add(weights.mul(recent).sum())),
  });
  const at: Remembering = { bias: np.array(-2), weights: np.array([0, 0]) };
  const estimator = metaGradient(task, { lifetimes: 8, truncation: { length: 2, start: "contiguous" } });
  let state = estimator.init(at, random.key(0));
  for (let i = 0; i < 3; i++) {
    const estimate = estimator.estimate(at, state, random.key(i));
    state = estimate.state;
    expect(tree.isFinite(estimate.gradient)).toBe(true);
    expect(estimate.gradient.weights.shape).toEqual([2]);
    // Rewards lie in [-1, 1], four a batch.
    expect(Math.abs(estimate.loss)).toBeLessThan(4);
  }
});
