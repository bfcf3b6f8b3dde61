/** The tabular actor-critic: its closed-form updates, its enumeration, and the bias of learned baselines. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, nn, np, random, tree } from "../../array/index.ts";
import {
  actorCritic,
  estimatorTable,
  exactReturn,
  maze,
  metaGradient,
  ownValues,
  tabularMdp,
} from "../index.ts";

const mdp = tabularMdp({
  transitions: [
    [
      [0.9, 0.1],
      [0.2, 0.8],
    ],
    [
      [0.3, 0.7],
      [1, 0],
    ],
  ],
  rewards: [
    [1, 0],
    [0.5, 2],
  ],
  start: [1, 0],
  horizon: 2,
  discount: 0.9,
});
const f64 = (values: number | number[] | number[][]): Tensor => np.array(values, { dtype: "float64" });
type Eta = { entropy: Tensor; rate: Tensor };
const eta: Eta = { entropy: f64(-0.5), rate: f64(0.7) };
const learner = (updates: number, batch = 1) =>
  actorCritic<Eta>(mdp, {
    updates,
    batch,
    rate: ({ rate }) => nn.softplus(rate),
    entropy: ({ entropy }) => nn.sigmoid(entropy),
    valueWeight: 0.5,
    init: () => f64([[0.2, -0.1], [0, 0.3]]), // prettier-ignore
  });

test("the update is one step of gradient descent on the loss of the actor-critic", () => {
  const task = learner(2, 2);
  const agent = { logits: f64([[0.3, -0.4], [0.1, 0.6]]), values: f64([0.4, -0.2]) }; // prettier-ignore
  const data = {
    states: np.array([[0, 1], [0, 0]], { dtype: "int32" }), // prettier-ignore
    actions: np.array([[1, 0], [0, 1]], { dtype: "int32" }), // prettier-ignore
    rewards: f64([[0, 0.5], [1, 0]]), // prettier-ignore
  };
  const [cells, returns] = [[0, 1, 0, 0], [0.45, 0.5, 1, 0]]; // prettier-ignore
  const advantages = returns.map((g, i) => g - agent.values.data[cells[i]!]!);
  const loss = ({ logits, values }: typeof agent): Tensor => {
    const logs = nn.logSoftmax(logits);
    const policy = [0, 1, 2, 3].map((i) => logs.slice(cells[i]!, [1, 0, 0, 1][i]!).mul(advantages[i]!));
    const value = [0, 1, 2, 3].map((i) => values.slice(cells[i]!).sub(returns[i]!));
    const entropies = cells.map((s) => nn.softmax(logits).slice(s).mul(logs.slice(s)).sum().neg());
    const terms = policy.map((p, i) =>
      p
        .neg()
        .add(value[i]!.mul(value[i]!).mul(0.25))
        .sub(entropies[i]!.mul(1 / (1 + Math.exp(0.5)))),
    );
    return terms.reduce((a, b) => a.add(b)).mul(0.25);
  };
  const gradient = grad(loss)(agent);
  const rate = Math.log1p(Math.exp(0.7));
  const next = task.learn(eta, agent, data, f64([advantages.slice(0, 2), advantages.slice(2)]), np.array(0));
  for (const name of ["logits", "values"] as const) {
    next[name].data.forEach((x, i) =>
      expect(x).toBeCloseTo(agent[name].data[i]! - rate * gradient[name].data[i]!, 12),
    );
  }
});

describe("enumeration of two updates in the MDP", () => {
  const task = learner(2);
  const naive = { coefficient: 0 };
  const table = estimatorTable(task, eta, [
    {},
    { samplingCorrection: naive },
    { hessian: "loadedDice" },
    { hessian: "loadedDice", decay: 0 },
    { hessian: "lvc" },
  ]);

  test("the full correction is exact; the first update's return is that of the first policy", () => {
    expect(table.rows[0]!.bias).toBeLessThan(1e-12);
    const first = estimatorTable(learner(1), eta, [{}]);
    expect(-first.loss).toBeCloseTo(exactReturn(mdp, [[0.2, -0.1], [0, 0.3]]).value, 12); // prettier-ignore
  });

  test("the gradient is that of the enumerated return by central differences", () => {
    const h = 1e-4;
    const loss = (entropy: number, rate: number) =>
      estimatorTable(task, { entropy: f64(entropy), rate: f64(rate) }, []).loss;
    expect((loss(-0.5 + h, 0.7) - loss(-0.5 - h, 0.7)) / (2 * h)).toBeCloseTo(table.exact[0]!, 8);
    expect((loss(-0.5, 0.7 + h) - loss(-0.5, 0.7 - h)) / (2 * h)).toBeCloseTo(table.exact[1]!, 8);
  });

  test("Loaded DiCE with decay 0 is LVC", () => {
    const [, , , loaded, lvc] = table.rows;
    loaded!.mean.forEach((x, i) => expect(x).toBeCloseTo(lvc!.mean[i]!, 14));
  });
});

test("three updates: learned values as a baseline bias the correction, a constant does not", () => {
  const short = tabularMdp({ ...mdp, horizon: 1, start: [0.5, 0.5] });
  const task = actorCritic<Eta>(short, {
    updates: 3,
    batch: 1,
    rate: ({ rate }) => nn.softplus(rate),
    entropy: ({ entropy }) => nn.sigmoid(entropy),
    valueWeight: 1,
  });
  const table = estimatorTable(task, eta, [{}, { baseline: 0.8 }, { baseline: ownValues(task) }]);
  expect(table.rows[0]!.bias).toBeLessThan(1e-12);
  expect(table.rows[1]!.bias).toBeLessThan(1e-12);
  expect(table.rows[2]!.bias).toBeGreaterThan(1e-3);
  expect(table.rows[2]!.variance).toBeLessThan(table.rows[0]!.variance);
});

test("sampled lifetimes have the enumerated mean gradient, |z| < 4", () => {
  const task = learner(2);
  const { exact, loss } = estimatorTable(task, eta, []);
  const lifetimes = 10_000;
  const estimator = metaGradient(task, { lifetimes });
  const estimate = estimator.estimate(eta, estimator.init(eta, random.key(0)), random.key(4));
  const samples = estimate.info.perLifetimeGradient.data;
  exact.forEach((expected, j) => {
    const own = Array.from({ length: lifetimes }, (_, i) => samples[2 * i + j]!);
    const mean = own.reduce((a, b) => a + b) / lifetimes;
    const error = Math.sqrt(own.reduce((sum, x) => sum + (x - mean) ** 2, 0)) / lifetimes;
    expect(Math.abs(mean - expected)).toBeLessThan(4 * error);
    expect(tree.flatten(estimate.gradient)[j]).toBeCloseTo(mean, 10);
  });
  expect(estimate.loss).toBeCloseTo(loss, 1);
});

test("the maze pays for entering the objects' cells", () => {
  const { mdp: walls, rewards } = maze({ side: 3 });
  const table = rewards(random.key(5));
  expect(table.shape).toEqual([9, 4]);
  const paid = (value: number) => table.data.filter((x) => Math.abs(x - value) < 1e-6).length;
  // Each cell is entered by four pairs of cell and direction: from its neighbours, and from itself at the walls.
  expect([paid(1), paid(-1), paid(-0.04)]).toEqual([4, 4, 28]);
  expect(walls.transitions[1]![8]![8]).toBe(1);
});
