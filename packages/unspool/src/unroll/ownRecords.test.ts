/** What a step writes into the records that it is given does not reach what computes with them. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, jvp, np, random, scan, tree, vmap } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import { createEstimator, estimatorNames } from "../estimators/index.ts";
import { compiledExecutor, defineProblem, referenceExecutor, unroll } from "./index.ts";

type Theta = { rates: Tensor[]; bias: { at: Tensor } };
type State = { x: Tensor; past: Tensor[]; spare: { y: Tensor } };

const start = (): State => ({ x: np.array([1, 0.5]), past: [np.array(0.25)], spare: { y: np.array(0.5) } });
const draw = () => np.array([0.1, -0.2], { dtype: "float64" });

/** A step that makes new records. */
const pure = defineProblem({
  name: "pure",
  horizon: 4,
  init: ({ bias }: Theta) => ({ ...start(), x: np.array([1, 0.5], { dtype: "float64" }).mul(bias.at) }),
  data: draw,
  finalLoss: (theta, { x }) => x.mul(theta.bias.at).sum(),
  step({ rates, bias }: Theta, { x, past, spare }, { batch }) {
    const next = x.mul(rates[0]!).add(np.sin(x).mul(rates[1]!)).add(batch.mul(bias.at));
    const y = spare.y.add(past[0]!.mul(rates[0]!));
    const state = { x: next, past: [past[0]!.add(next.mean())], spare: { y } };
    return { state, loss: next.mul(next).sum().add(y.mul(bias.at)) };
  },
});

/** The same step, which writes into everything it is given. */
const impure = defineProblem({
  name: "impure",
  horizon: 4,
  init(theta: Theta) {
    const at = theta.bias.at;
    theta.bias.at = at.mul(7);
    delete (theta as Partial<Theta>).rates;
    return { ...start(), x: np.array([1, 0.5], { dtype: "float64" }).mul(at) };
  },
  data: draw,
  finalLoss(theta, state) {
    const loss = state.x.mul(theta.bias.at).sum();
    state.x = loss;
    theta.rates.pop();
    return loss;
  },
  step(theta: Theta, state, context) {
    const [first, second] = [theta.rates.shift()!, theta.rates.pop()!];
    const [before, batch] = [state.x, context.batch];
    state.x = before.mul(first).add(np.sin(before).mul(second)).add(batch.mul(theta.bias.at));
    state.spare.y = state.spare.y.add(state.past[0]!.mul(first));
    state.past.push(state.past.shift()!.add(state.x.mean()));
    const loss = state.x.mul(state.x).sum().add(state.spare.y.mul(theta.bias.at));
    theta.bias.at = theta.bias.at.mul(3);
    theta.rates.push(first);
    return { state, loss };
  },
});

const theta = (): Theta => ({
  rates: [0.9, 0.3].map((x) => np.array(x, { dtype: "float64" })),
  bias: { at: np.array(0.7, { dtype: "float64" }) },
});

// The reference executor runs one estimator of each kind.
const executors = [
  ["reference", referenceExecutor(), ["nres", "tbptt", "rtrl", "telescopingPes"]],
  ["compiled", compiledExecutor({ threads: 1 }), estimatorNames],
] as const;

describe.each(executors)("on the %s executor", (_name, executor, names) => {
  test.each(names)("the gradient of %s is that of a step which writes into nothing", (name) => {
    const estimates = [pure, impure].map((problem) => {
      const options = { truncation: 4, pairs: 2, sigma: 0.1, executor };
      const estimator = createEstimator(name, problem, options);
      const given = theta();
      const state = estimator.init(given, random.key(0));
      const first = estimator.estimate(given, state, random.key(1));
      expect(Object.keys(given.bias)).toEqual(["at"]);
      expect(given.rates.length).toBe(2);
      return [first, estimator.estimate(given, first.state, random.key(2))];
    });
    const [wanted, got] = estimates.map((pair) =>
      pair.map(({ loss, gradient }) => [loss, ...tree.flatten(gradient)]),
    );
    expect(got).toEqual(wanted);
  });
  test("losses of an unroll", () => {
    const [wanted, got] = [pure, impure].map((problem) =>
      unroll(problem, theta(), { key: random.key(3), particles: 2, executor }),
    );
    expect([...got!.losses.data]).toEqual([...wanted!.losses.data]);
  });
  test("a state that grows by what a step pushes into it is a typed error", () => {
    const growing = defineProblem({
      name: "growing",
      horizon: 3,
      init: () => ({ x: np.array(1), list: [np.array(0)] }),
      step(_theta: Tensor, state) {
        state.list.push(state.x);
        return { state, loss: state.x };
      },
    });
    const run = () => unroll(growing, np.array(1), { key: random.key(0), executor });
    expect(run).toThrow(ShapeError);
    expect(run).toThrow('the returned state has an unexpected leaf "list.1"');
  });
  test("a state that loses what a step deletes from it is a typed error", () => {
    const losing = defineProblem({
      name: "losing",
      horizon: 3,
      init: () => ({ x: np.array(1), y: np.array(0) }),
      step(_theta: Tensor, state) {
        delete (state as { y?: Tensor }).y;
        return { state, loss: state.x };
      },
    });
    const run = () => unroll(losing, np.array(1), { key: random.key(0), executor });
    expect(run).toThrow('the returned state at "y" is missing');
  });
});

describe("functions that transformations are given", () => {
  type Pair = { a: Tensor; b: Tensor[] };
  const given = (): Pair => ({ a: np.array(2), b: [np.array(3)] });
  // a b², whose derivatives are b² and 2ab.
  const write = (pair: Pair): Tensor => {
    const { a } = pair;
    const b = pair.b.pop()!;
    pair.a = a.mul(b).mul(b);
    (pair as Partial<Pair>).b = [a, b];
    return pair.a;
  };
  const gradient = { a: 9, b: [12] };
  const numbers = (of: unknown) => JSON.parse(JSON.stringify(tree.map((x: Tensor) => x.item() as never, of)));
  test("grad", () => expect(numbers(grad(write)(given()))).toEqual(gradient));
  test("grad of jit", () => expect(numbers(grad(jit(write))(given()))).toEqual(gradient));
  test("a jit that is traced by another leaves its caller's records alone", () => {
    const inner = jit(write);
    const outer = jit((pair: Pair) => inner(pair).add(pair.a).add(pair.b[0]!));
    expect(outer(given()).item()).toBe(18 + 2 + 3);
  });
  test("jvp", () => {
    const ones = { a: np.array(1), b: [np.array(1)] };
    expect(jvp(write, [given()], [ones])[1].item()).toBe(21);
  });
  test("vmap", () => {
    const rows = { a: np.array([2, 1]), b: [np.array([3, 4])] };
    expect([...vmap(write)(rows).data]).toEqual([18, 16]);
    expect(rows.b.length).toBe(1);
  });
  test("the step of a scan", () => {
    const loop = (pair: Pair): Tensor => {
      const step = (carry: Pair, x: { d: Tensor }): [Pair, Tensor] => {
        carry.a = carry.a.mul(carry.b[0]!).add(x.d);
        const y = x.d.mul(carry.a);
        x.d = y;
        return [carry, y];
      };
      return scan(step, pair, { d: np.array([1, 2]) })[0].a;
    };
    // (a b + 1) b + 2
    expect(loop(given()).item()).toBe(23);
    // b² and 2ab + 1.
    expect(numbers(grad(loop)(given()))).toEqual({ a: 9, b: [13] });
    const shrinking = () =>
      scan((carry: Pair) => [(carry.b.pop(), carry), carry.a], given(), null, { length: 2 });
    expect(shrinking).toThrow(ShapeError);
  });
});
