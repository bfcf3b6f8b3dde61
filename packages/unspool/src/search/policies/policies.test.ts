/** Oracles of the card: NumPy, from the authors' formulas. */
import { describe, expect, test } from "vitest";
import { np } from "../../array/index.ts";
import { circulantPolicy } from "./circulantPolicy.ts";
import { edgePruned } from "./edgePruned.ts";
import { maskedPolicy } from "./maskedPolicy.ts";
import { mlpPolicy } from "./mlpPolicy.ts";
import { layeredNodes, requireEdges, residualEdges } from "./nodes.ts";
import { toeplitzPolicy } from "./toeplitzPolicy.ts";
import { weightShared, weightSharedBits } from "./weightShared.ts";

const none = new Int32Array(0);
const close = (found: Float64Array, wanted: readonly number[], digits: number): void => {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((x, i) => expect(found[i]).toBeCloseTo(x, digits));
};

/** The matrix of a policy of one layer, by unit observations. */
function matrixOf(
  policy: ReturnType<typeof toeplitzPolicy>,
  theta: Float64Array,
  columns: number,
): number[][] {
  const byColumn = Array.from({ length: columns }, (_, j) =>
    policy.act(none, theta, new Float64Array(columns).with(j, 1)),
  );
  return Array.from(byColumn[0]!, (_, i) => byColumn.map((column) => column[i]!));
}

describe("toeplitzPolicy", () => {
  test("matrices from column and row", () => {
    const sixth = Float64Array.from({ length: 6 }, (_, i) => (i + 1) / 10);
    const of = (actions: number, observations: number) =>
      matrixOf(toeplitzPolicy({ observations, actions, output: "clip" }), sixth, observations);
    expect(of(2, 5)).toEqual([
      [0.1, 0.3, 0.4, 0.5, 0.6],
      [0.2, 0.1, 0.3, 0.4, 0.5],
    ]);
    expect(of(5, 2)).toEqual([
      [0.1, 0.6],
      [0.2, 0.1],
      [0.3, 0.2],
      [0.4, 0.3],
      [0.5, 0.4],
    ]);
  });

  test("a policy of two hidden layers, and the parameters of MuJoCo's", () => {
    const policy = toeplitzPolicy({ observations: 3, hidden: [4, 4], actions: 2 });
    expect(policy.numParameters).toBe(26);
    const theta = Float64Array.from({ length: 26 }, (_, k) => 0.3 * Math.sin(k + 1));
    close(policy.act(none, theta, [0.5, -1, 2]), [-0.028870873474, -0.229273716267], 12);
    const sizes = [
      [8, 2],
      [17, 6],
      [11, 3],
    ].map(
      ([observations, actions]) =>
        toeplitzPolicy({ observations: observations!, hidden: [32, 32], actions: actions! }).numParameters,
    );
    expect(sizes).toEqual([199, 212, 203]);
  });
});

test("circulant: row i is row 0 rotated by i", () => {
  const policy = circulantPolicy({ observations: 3, actions: 4, output: "clip" });
  expect(policy.numParameters).toBe(3);
  const rows = matrixOf(policy, Float64Array.of(0.1, 0.2, 0.3), 3);
  expect(rows).toEqual([
    [0.1, 0.2, 0.3],
    [0.3, 0.1, 0.2],
    [0.2, 0.3, 0.1],
    [0.1, 0.2, 0.3],
  ]);
});

test("mlpPolicy: a number for every weight, biases of hidden layers behind them", () => {
  const policy = mlpPolicy({ observations: 2, hidden: [2], actions: 1 });
  expect(policy.numParameters).toBe(8);
  const [a, b] = [Math.tanh(0.1 * 2 + 0.2 * -1 + 0.7), Math.tanh(0.3 * 2 + 0.4 * -1 + 0.8)];
  const action = policy.act(none, Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), [2, -1]);
  close(action, [Math.tanh(0.5 * a + 0.6 * b)], 15);
});

describe("weightShared", () => {
  const choice = Int32Array.from({ length: 20 }, (_, e) => (7 * e) % 5);
  const weights = [0.5, -0.8, 0.3, 1.1, -0.2];
  // bias_i = .1 i - .3 of nodes 3 to 6, the hidden ones.
  const theta = Float64Array.of(...weights, ...[3, 4, 5, 6].map((i) => 0.1 * i - 0.3));
  const options = { observations: 3, hidden: [4], actions: 2, colours: 5 };

  test("colours of 20 edges", () => {
    const policy = weightShared(options);
    expect(policy.numParameters).toBe(9);
    expect(policy.discreteSpace.size).toBe(20);
    close(policy.act(choice, theta, [0.4, -0.6, 1.2]), [0.7219711204, 0.906743999869], 10);
  });

  test("with the first hidden node of the authors' code", () => {
    const policy = weightShared({ ...options, legacyFirstHidden: true });
    close(policy.act(choice, theta, [0.4, -0.6, 1.2]), [0.768981277284, 0.958993104966], 12);
  });

  test("storage: 32 bits of a weight, and a colour of each edge", () => {
    expect(weightSharedBits(16, 4)).toBe(32 * 4 + 16 * 2);
    expect(weightSharedBits(16, 17)).toBe(32 * 17 + 16 * 5);
  });
});

describe("edgePruned", () => {
  const options = { observations: 3, hidden: [4], actions: 2 };

  test("residual edges", () => {
    const policy = edgePruned({ ...options, edges: 8, mode: "residual" });
    const wanted = [
      [0, 3],
      [0, 6],
      [1, 3],
      [2, 5],
      [3, 7],
      [5, 8],
      [6, 7],
      [6, 8],
    ];
    // 3 · 6 from inputs, 4 · 2 from hidden nodes.
    expect(policy.possible).toHaveLength(26);
    const choice = Int32Array.from(wanted, ([i, j]) =>
      policy.possible.findIndex(([a, b]) => a === i && b === j),
    );
    expect(policy.edgesOf(choice)).toEqual(wanted);
    const weights = policy.possible.map(([i, j]) => 0.3 * Math.sin(1 + 9 * i + j));
    const theta = Float64Array.of(...weights, ...[3, 4, 5, 6].map((i) => 0.1 * i - 0.4));
    expect(theta).toHaveLength(policy.numParameters);
    close(policy.act(choice, theta, [0.4, -0.6, 1.2]), [-0.026834201851, 0.050858850088], 12);
    expect(policy.network(choice, theta).edges.map(({ from, to }) => [from, to])).toEqual(wanted);
  });

  test("aggregate keeps k of all edges, independent k behind each layer", () => {
    const all = edgePruned({ ...options, edges: 5 });
    expect(all.discreteSpace.decisions).toEqual([{ values: 20, count: 5, at: 0 }]);
    const each = edgePruned({ ...options, edges: [2, 3], mode: "independent" });
    expect(each.discreteSpace.decisions).toEqual([
      { values: 12, count: 2, at: 0 },
      { values: 8, count: 3, at: 2 },
    ]);
    expect(each.edgesOf(Int32Array.of(0, 11, 0, 1, 7))).toEqual([
      [0, 3],
      [2, 6],
      [3, 7],
      [3, 8],
      [6, 8],
    ]);
  });

  test("keeping all edges is the masked network of ones, and the unstructured one", () => {
    const pruned = edgePruned({ ...options, edges: 20 });
    const bits = maskedPolicy(options);
    const theta = Float64Array.from({ length: 24 }, (_, i) => Math.cos(3 * i));
    const observation = [0.3, -0.8, 0.5];
    const every = Int32Array.from({ length: 20 }, (_, i) => i);
    const action = pruned.act(every, theta, observation);
    close(bits.act(new Int32Array(20).fill(1), theta, observation), [...action], 14);
    // Source-major edges as rows of matrices.
    const rows = (from: number, inputs: number, outputs: number) =>
      Array.from(
        { length: inputs * outputs },
        (_, e) => theta[from + (e % inputs) * outputs + Math.floor(e / inputs)]!,
      );
    const dense = Float64Array.of(...rows(0, 3, 4), ...rows(12, 4, 2), ...theta.slice(20));
    close(mlpPolicy(options).act(none, dense, observation), [...action], 14);
    // Without an edge its weight does not matter.
    const some = new Int32Array(20).fill(1).with(4, 0);
    expect(bits.act(some, theta.with(4, 99), observation)).toEqual(bits.act(some, theta, observation));
    expect(bits.network(some, theta).edges).toHaveLength(19);
  });

  test("errors", () => {
    expect(() => edgePruned({ ...options, edges: 21 })).toThrow("choose: count must be at most 20");
    expect(() => edgePruned({ ...options, edges: [1, 2] })).toThrow(
      'edgePruned: edges must be a number in mode "aggregate"',
    );
    expect(() => edgePruned({ ...options, edges: 3, mode: "independent" })).toThrow(
      "2 numbers, one behind each layer",
    );
    expect(() => edgePruned({ ...options, edges: 3, mode: "residul" as "residual" })).toThrow(
      'Did you mean "residual"?',
    );
    const policy = edgePruned({ ...options, edges: 1 });
    expect(() => policy.act(Int32Array.of(0), new Float64Array(3), [1, 2, 3])).toThrow(
      "theta has 24 numbers, got 3.",
    );
    expect(() => policy.act(Int32Array.of(0), np.zeros([24]) as never, [1, 2, 3])).toThrow(
      "theta must be a Float64Array, got float32[24]. Of a tensor: Float64Array.from(theta.data).",
    );
    expect(() => policy.act(Int32Array.of(0), new Float64Array(24), [1])).toThrow(
      "an observation has 3 numbers, got 1.",
    );
    const nodes = layeredNodes("test", options);
    expect(() => requireEdges("test", residualEdges(nodes), nodes.count)).not.toThrow();
    expect(() =>
      requireEdges(
        "test",
        [
          [0, 3],
          [0, 3],
        ],
        9,
      ),
    ).toThrow("test: edges must be different ones, got [0, 3]. This one stands twice.");
    expect(() => requireEdges("test", [[3, 0]], 9)).toThrow(
      "test: an edge must be from a node to a higher one, below 9, got [3, 0].",
    );
  });
});
