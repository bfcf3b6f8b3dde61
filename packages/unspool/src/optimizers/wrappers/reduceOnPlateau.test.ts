/** The scale against the rule written out, and what hands the loss over. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { pes, tbptt } from "../../estimators/index.ts";
import { type Method, descent } from "../../methods/index.ts";
import { defineProblem } from "../../unroll/index.ts";
import { firstOrder } from "../objective/firstOrder.ts";
import { adam } from "../rules/adam.ts";
import { sgd } from "../rules/sgd.ts";
import { expectClose, f64 } from "../testing.ts";
import { clipByGlobalNorm } from "./clipByGlobalNorm.ts";
import { lookahead } from "./lookahead.ts";
import { type ReduceOnPlateauState, reduceOnPlateau } from "./reduceOnPlateau.ts";

/** Scales after each of the losses. */
function scales(losses: number[], options: object): number[] {
  const optimizer = reduceOnPlateau(sgd(), options);
  let [theta, state] = [f64([1]), optimizer.init(f64([1]))];
  return losses.map((loss) => {
    ({ theta, state } = optimizer.update(f64([0]), state, theta, { loss: f64(loss) }));
    return state.scale.item();
  });
}

describe("reduceOnPlateau", () => {
  test("a loss may be a number; one for each example is refused", () => {
    const optimizer = reduceOnPlateau(sgd(), { patience: 1 });
    const [theta, gradient] = [f64([1]), f64([0])];
    const after = (loss: unknown) =>
      optimizer.update(gradient, optimizer.init(theta), theta, { loss: loss as Tensor }).state;
    expectClose(after(2).best, [2], 0);
    expect(() => after(f64([1, 2]))).toThrow(/the loss that `update` observes must be a scalar/);
  });
  test("falls after `patience` losses that are no better, and begins to count anew", () => {
    // Better, worse, worse: half. Better (0.5), equal, equal: half again. NaN is not better.
    const losses = [1, 1.5, 1, 0.5, 0.5, 0.5, NaN, NaN, 0.4];
    expect(scales(losses, { factor: 0.5, patience: 2 })).toEqual([
      1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125,
    ]);
  });
  test("after a reduction `cooldown` losses do not count", () => {
    const worse = [1, 1, 1, 1, 1, 1, 1];
    expect(scales(worse, { factor: 0.5, patience: 1, cooldown: 2 })).toEqual([
      1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25,
    ]);
    expect(scales(worse, { factor: 0.1, patience: 1, smallest: 0.02 })).toEqual([
      1,
      0.1,
      ...Array.from({ length: 5 }, () => 0.02),
    ]);
  });
  test("an improvement counts from rtol and atol on, also of a loss below 0", () => {
    const options = { factor: 0.5, patience: 1, rtol: 0.1 };
    expect(scales([10, 9.1], options)).toEqual([1, 0.5]);
    expect(scales([10, 8.9], options)).toEqual([1, 1]);
    expect(scales([-10, -10.9], options)).toEqual([1, 0.5]);
    expect(scales([-10, -11.1], options)).toEqual([1, 1]);
    expect(scales([10, 8.9], { ...options, rtol: 0, atol: 2 })).toEqual([1, 0.5]);
  });
  test("with `every` the means of losses are judged", () => {
    // Means 2, 2, 1.
    expect(scales([3, 1, 1, 3, 1, 1], { factor: 0.5, patience: 1, every: 2 })).toEqual([
      1, 1, 1, 0.5, 0.5, 0.5,
    ]);
  });
  test("scales the whole step of the inner optimizer, bit for bit its own at scale 1", () => {
    const optimizer = reduceOnPlateau(adam({ learningRate: 0.1 }), { factor: 0.25, patience: 1 });
    const loss = { loss: f64(1) };
    const start = f64([1, -2]);
    const first = optimizer.update(f64([3, 4]), optimizer.init(start), start, loss);
    const plain = adam({ learningRate: 0.1 });
    const alone = plain.update(f64([3, 4]), plain.init(start), start);
    expect([...first.theta.data]).toEqual([...alone.theta.data]);
    const second = optimizer.update(f64([3, 4]), first.state, first.theta, loss);
    const next = plain.update(f64([3, 4]), alone.state, alone.theta);
    expectClose(second.theta, [...first.theta.add(next.theta.sub(first.theta).mul(0.25)).data], 1e-14);
  });

  test("without a loss, and around positions, it says what to do", () => {
    const optimizer = clipByGlobalNorm(reduceOnPlateau(sgd()));
    expect(optimizer.usesLoss).toBe(true);
    expect(() => optimizer.update(f64([1]), optimizer.init(f64([1])), f64([1]))).toThrow(
      "Write optimizer.update(gradient, state, theta, { loss }).",
    );
    expect(() => reduceOnPlateau(lookahead(sgd()))).toThrow("Put it around the innermost optimizer.");
    expect(() => reduceOnPlateau(sgd(), { factor: 1 })).toThrow(
      "factor must be a number above 0 and below 1, got 1.",
    );
  });
});

describe("the loss is handed over", () => {
  const problem = defineProblem({
    name: "flat",
    horizon: 4,
    init: (theta: Tensor) => theta,
    step: (theta: Tensor, state: Tensor) => ({ state, loss: theta.mul(0).sum().add(1) }),
  });
  const run = (method: Method<Tensor, { optimizer: unknown }>, steps: number): number => {
    let [theta, state] = [np.ones([2]), method.init(np.ones([2]), random.key(0))];
    for (let i = 0; i < steps; i++) ({ theta, state } = method.step(theta, state, random.key(i)));
    return (state.optimizer as ReduceOnPlateauState).scale.item();
  };
  const optimizer = reduceOnPlateau(sgd(), { factor: 0.5, patience: 1 });

  test("by descent, step by step", () => {
    expect(run(descent(tbptt(problem, { truncation: 2 }), optimizer) as never, 4)).toBe(0.125);
  });
  test("by descent, several steps in a call", () => {
    const method = descent(pes(problem, { truncation: 2, pairs: 2 }), optimizer);
    const start = method.init(np.ones([2]), random.key(0));
    const done = method.several!(np.ones([2]), start, random.key(0), 0, 4)!;
    expect((done.state.optimizer as ReduceOnPlateauState).scale.item()).toBe(0.125);
    expect(tree.isFinite(done.state.optimizer)).toBe(true);
  });
  test("by optimizers of objectives", () => {
    const step = firstOrder(optimizer);
    const objective = { loss: (x: Tensor) => x.mul(0).sum().add(1) };
    let [theta, state] = [f64([1]), step.init(f64([1]), objective as never, random.key(0))];
    for (let i = 0; i < 3; i++)
      ({ theta, state } = step.step(theta, state, objective as never, { key: random.key(0) }));
    expect(state.scale.item()).toBe(0.25);
  });
});
