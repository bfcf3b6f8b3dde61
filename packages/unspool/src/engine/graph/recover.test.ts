/** What is recovered from traces, and what must not be. Values and derivatives are tested in `engine/differential`. */
import { expect, test } from "vitest";
import { type DType, type Tensor, grad, lax, nn, np, traceProgram, vjp } from "../../array/index.ts";
import { GraphBuilder } from "./builder.ts";
import { fromJaxpr } from "./fromJaxpr.ts";
import { type Node, isSource, isView, reachable } from "./node.ts";

type Traced = (...args: Tensor[]) => Tensor | readonly Tensor[];

const f = np as unknown as Record<string, (x: Tensor) => Tensor>;
const zeros = (shape: readonly number[], dtype: DType = "float32"): Tensor => np.zeros([...shape], { dtype });

/** Operations of the graph of `fn`, without views and numbers, operands first. */
function operationsOf(fn: Traced, args: readonly Tensor[]): Node[] {
  const graph = new GraphBuilder();
  const inputs = args.map((arg, slot) => graph.input(slot, arg.shape, arg.dtype, 1));
  const outputs = fromJaxpr(graph, traceProgram("test", fn as never, args), inputs);
  return reachable(outputs).filter((node) => !isView(node) && !isSource(node));
}

const namesOf = (fn: Traced, ...args: Tensor[]): string[] => operationsOf(fn, args).map(({ op }) => op);

const functions: [string, (x: Tensor) => Tensor][] = [
  ["tanh", f["tanh"]!],
  ["sigmoid", nn.sigmoid],
  ["log", f["log"]!],
  ["log1p", f["log1p"]!],
  ["expm1", f["expm1"]!],
  ["acos", f["acos"]!],
  ["tan", f["tan"]!],
  ["erf", lax.erf as (x: Tensor) => Tensor],
  ["erfc", lax.erfc as (x: Tensor) => Tensor],
];

test.each(functions)("%s is one operation", (name, call) => {
  for (const dtype of ["float32", "float64"] as const) {
    for (const shape of [[], [3], [2, 1, 5]]) expect(namesOf(call, zeros(shape, dtype))).toEqual([name]);
    const sum = (x: Tensor, y: Tensor) => call(x.add(y).neg());
    expect(namesOf(sum, zeros([4, 3], dtype), zeros([3], dtype))).toEqual(["add", "neg", name]);
    const twice = (x: Tensor) => call(call(x).mul(0.5));
    expect(namesOf(twice, zeros([3], dtype))).toEqual([name, "mul", name]);
  }
});

test("a function of a broadcast value is computed before the broadcast", () => {
  const nodes = operationsOf(
    (x, y) => f["expm1"]!(np.broadcastTo(x, [5, 3]) as Tensor).mul(y),
    [zeros([3]), zeros([5, 3])],
  );
  expect(nodes.map(({ op, shape }) => [op, shape])).toEqual([
    ["expm1", [3]],
    ["mul", [5, 3]],
  ]);
});

test("what only looks alike stays as it is", () => {
  const x = zeros([3]);
  const two = [zeros([3]), zeros([3])] as const;
  expect(namesOf((y, z) => f["sin"]!(y).div(f["cos"]!(z)), ...two)).toEqual(["sin", "cos", "div"]);
  expect(namesOf((y) => f["asin"]!(y).neg().add(1.5), x)).toEqual(["asin", "sub"]);
  const exponential = (y: Tensor) => np.where(y.lessEqual(0.1), y, f["exp"]!(y).sub(1)) as Tensor;
  expect(namesOf(exponential, x)).not.toContain("expm1");
});

/** The value and its pull-back. */
const withPullback =
  (call: (x: Tensor) => Tensor): Traced =>
  (x, seed) => {
    const [y, [down]] = vjp(call, [x!], seed!);
    return [y, down];
  };

test("derivatives of tanh and sigmoid are one operation and a product", () => {
  const args = [zeros([3]), zeros([3])] as const;
  expect(namesOf(withPullback(f["tanh"]!), ...args)).toEqual(["tanh", "tanh_slope", "mul"]);
  expect(namesOf(withPullback(nn.sigmoid), ...args)).toEqual(["sigmoid", "sigmoid_slope", "mul"]);
});

test("derivatives of slices are laid side by side, without a sum", () => {
  const loss = (x: Tensor): Tensor =>
    [2, 0, 4].reduce<Tensor>(
      (sum, at, i) =>
        sum.add(
          f["sin"]!(x.slice([], [at, at + 2]))
            .mul(i + 1)
            .sum(),
        ),
      x.sum().mul(0),
    );
  const names = namesOf((x) => grad((y: Tensor) => loss(y))(x), zeros([3, 7]));
  expect(names.filter((name) => name === "concatenate")).toHaveLength(1);
  expect(names).not.toContain("add");
  const overlapping = (x: Tensor): Tensor =>
    x
      .slice([0, 3])
      .mul(x.slice([0, 3]))
      .sum()
      .add(x.slice([2, 5]).mul(3).sum());
  expect(namesOf((x) => grad(overlapping)(x), zeros([6]))).toContain("add");
});

test("derivatives of cases are selected, not added up", () => {
  const names = namesOf(withPullback(nn.softplus), zeros([3]), zeros([3]));
  // For max(x, 0), for -|x|, and one for the derivative; jax-js records three for that.
  expect(names.filter((name) => name === "where")).toHaveLength(3);
});

test("a step of an LSTM with its pull-back: 66 operations, of 108 that are recorded", () => {
  const [batch, units, classes] = [4, 6, 5];
  const step = (w: Tensor, v: Tensor, h: Tensor, c: Tensor): [Tensor, Tensor, Tensor] => {
    const gates = np.matmul(h, w);
    const gate = (i: number): Tensor => gates.slice([], [i * units, (i + 1) * units]);
    const kept = nn.sigmoid(gate(1)).mul(c);
    const cell = kept.add(nn.sigmoid(gate(0)).mul(f["tanh"]!(gate(2))));
    const hidden = nn.sigmoid(gate(3)).mul(f["tanh"]!(cell));
    const labels = np.array(Int32Array.of(0, 3, 1, 2));
    return [hidden, cell, nn.softmaxCrossEntropy(np.matmul(hidden, v), labels)];
  };
  const state = zeros([batch, units]);
  const args = [zeros([units, 4 * units]), zeros([units, classes]), state, state];
  const both: Traced = (w, v, h, c, dh, dc, loss) => {
    const [value, pulled] = vjp(step, [w!, v!, h!, c!], [dh!, dc!, loss!]);
    return [...value, ...pulled];
  };
  const names = namesOf(both, ...args, state, state, zeros([]));
  const count = (op: string): number => names.filter((name) => name === op).length;
  expect(["sigmoid", "sigmoid_slope", "tanh", "tanh_slope"].map(count)).toEqual([3, 3, 2, 2]);
  expect(count("concatenate")).toBe(1);
  expect(names.length).toBeLessThanOrEqual(66);
});
