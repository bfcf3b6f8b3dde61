/** The method of bilevel optimisation: what its options do, what it measures, and what it refuses. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, grad, np, random } from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import type { Method } from "../methods/index.ts";
import { adam, sgd } from "../optimizers/index.ts";
import { type BilevelOptions, bilevel } from "./bilevel.ts";
import type { BilevelState, BilevelTheta } from "./outerSteps.ts";
import { retrainGap } from "./retrainGap.ts";
import { quadraticBilevel } from "./tasks/quadraticBilevel.ts";
import { listOf, singular, wide } from "./testing.ts";

type Theta = BilevelTheta<Tensor, Tensor>;
type Options = BilevelOptions<Tensor, Tensor>;

const { inner, outer } = singular;
const theta = (weights = [1, 1, -1]): Theta => ({ outer: wide([1, 2]), weights: wide(weights) });
const rate = (learningRate: number) => sgd({ learningRate });
const none = { every: 0 };
const key = random.key(0);

function first(options: Partial<Options>, from = theta()) {
  const method = bilevel({ inner, outer, retrain: none, optimizer: rate(1), ...options });
  return method.step(from, method.init(from, key), key);
}

describe("one outer step, u less the hypergradient", () => {
  const exactly = quadraticBilevel({
    A: [[1, 0, 1], [0, 1, 1], [1, 1, 2]], // prettier-ignore
    B: [[-1, 0], [0, -1], [-1, -1]], // prettier-ignore
  });
  test("full training by a function, and the pseudo-inverse", () => {
    const made = first({ solver: exactly.solve, hypergradient: { kind: "exact" } });
    expect(made.loss).toBeCloseTo(3.15625, 12);
    listOf(made.theta.weights).forEach((w, i) => expect(w).toBeCloseTo([1, 2, 0][i]!, 12));
    listOf(made.theta.outer).forEach((u, i) => expect(u).toBeCloseTo([1.75, 1][i]!, 10));
  });

  test.each(["unroll", "unrollForward"] as const)("%s has the numbers of NumPy", (kind) => {
    const by = (steps: number) =>
      first({ solver: { optimizer: rate(0.25), steps }, hypergradient: { kind } }).theta;
    listOf(by(2).outer).forEach((u, i) => expect(u).toBeCloseTo([1.171875, 1.65234375][i]!, 12));
    const { outer: u } = by(5);
    listOf(u).forEach((x, i) => expect(x).toBeCloseTo([1.452472686768, 1.298747062683][i]!, 11));
  });

  test.each(["unroll", "unrollForward"] as const)("%s goes through a solver that is a function", (kind) => {
    const oneStep = (u: Tensor, w: Tensor): Tensor => w.sub(grad((at: Tensor) => inner(u, at))(w).mul(0.25));
    const byFunction = first({ solver: oneStep, hypergradient: { kind } });
    const bySteps = first({ solver: { optimizer: rate(0.25), steps: 1 }, hypergradient: { kind } });
    expect(listOf(byFunction.theta.weights)).toEqual(listOf(bySteps.theta.weights));
    listOf(byFunction.theta.outer).forEach((u, i) =>
      expect(u).toBeCloseTo(listOf(bySteps.theta.outer)[i]!, 14),
    );
  });

  test("the last steps alone are unrolled with terms: the gradient of so many, where the weights are the same", () => {
    const steps = { optimizer: rate(0.25), steps: 5 };
    const all = first({ solver: steps, hypergradient: { kind: "unroll" } });
    const some = first({ solver: steps, hypergradient: { kind: "unroll", terms: 2 } });
    const forward = first({ solver: steps, hypergradient: { kind: "unrollForward", terms: 2 } });
    expect(listOf(some.theta.weights)).toEqual(listOf(all.theta.weights));
    expect(listOf(some.theta.outer)).not.toEqual(listOf(all.theta.outer));
    // Two terms of the series at the weights that five steps reach: H and M are the same everywhere.
    const series = first({ solver: steps, hypergradient: { alpha: 0.25, terms: 2 } });
    for (const one of [some, forward]) {
      listOf(one.theta.outer).forEach((u, i) => expect(u).toBeCloseTo(listOf(series.theta.outer)[i]!, 12));
    }
  });

  test.each(["unroll", "unrollForward"] as const)("%s goes through a function that solves", (kind) => {
    // One step of gradient descent from (1, 1, -1), written out.
    const step = (u: Tensor, w: Tensor): Tensor =>
      w.sub(np.matmul(singular.x.transpose(), np.matmul(singular.x, w).sub(u)).mul(0.25));
    const by = (solver: Options["solver"]) =>
      listOf(first({ solver: solver!, hypergradient: { kind } }).theta.outer);
    const wanted = by({ optimizer: rate(0.25), steps: 1 });
    by(step).forEach((u, i) => expect(u).toBeCloseTo(wanted[i]!, 14));
  });

  test("training to a tolerance reaches the minimum, and counts its steps", () => {
    const made = first({
      solver: { optimizer: rate(0.25), steps: 20, tolerance: 1e-10 },
      hypergradient: { kind: "exact" },
    });
    expect(made.metrics["innerGradientNorm"]).toBeLessThan(1e-10);
    listOf(made.theta.outer).forEach((u, i) => expect(u).toBeCloseTo([1.75, 1][i]!, 8));
    // The slowest eigenvalue is 1: 0.75^k |gradient| of 2.2 < 1e-10 at k = 84 or so; 3 more for the dense Hessian.
    expect(made.metrics.innerSteps).toBeGreaterThan(80);
    expect(made.metrics.innerSteps).toBeLessThan(95);
  });
});

/** Steps of a method, with what each reports. */
function run<T>(method: Method<T, BilevelState<Tensor>>, from: T, steps: number, seed: Key = key) {
  let at = from;
  let state = method.init(at, seed);
  const metrics: Record<string, number | undefined>[] = [];
  for (let i = 0; i < steps; i++) {
    const made = method.step(at, state, random.foldIn(seed, i));
    [at, state] = [made.theta, made.state];
    metrics.push({ loss: made.loss ?? NaN, ...made.metrics });
  }
  return { theta: at, state, metrics };
}

describe("where inner training begins", () => {
  const options: Options = {
    inner,
    outer,
    optimizer: rate(0.1),
    solver: { optimizer: adam({ learningRate: 0.05 }), steps: 3 },
    hypergradient: { kind: "identity" },
    retrain: none,
  };
  test("warm starts go on with weights and moments", () => {
    const { state } = run(bilevel({ ...options, strategy: "warm" }), theta(), 4);
    expect((state.solver as { step: Tensor }).step.item()).toBe(12);
  });
  test("cold starts begin with the same weights and fresh moments", () => {
    const method = bilevel({ ...options, strategy: "cold", optimizer: rate(1e-30) });
    const { state, metrics } = run(method, theta(), 4);
    expect((state.solver as { step: Tensor }).step.item()).toBe(0);
    // Where u does not move, every cold start ends in the same weights.
    expect(new Set(metrics.map(({ loss }) => loss)).size).toBe(1);
  });
  test("or with others each time", () => {
    const start = (own: Key): Tensor => random.normal(own, [3], { dtype: "float64" });
    const method = bilevel({ ...options, start, strategy: "cold", reinit: "fresh", optimizer: rate(1e-30) });
    const { metrics } = run(method, theta(), 4);
    expect(new Set(metrics.map(({ loss }) => loss)).size).toBe(4);
  });
});

describe("what is measured", () => {
  test("norms, the length of the path, and the re-train gap when it is due", () => {
    const method = bilevel({
      inner,
      outer,
      optimizer: rate(0.1),
      solver: { optimizer: rate(0.3), steps: 50 },
      hypergradient: { kind: "exact" },
      retrain: { every: 3, steps: 200 },
    });
    const { theta: end, metrics } = run(method, theta(), 7);
    expect(metrics.map(({ retrainGap: gap }) => gap !== undefined)).toEqual([false, false, true, false, false, true, false]); // prettier-ignore
    // Starts are the same and S(u) does not turn: re-training ends in the same weights.
    expect(Math.abs(metrics[5]!["retrainGap"]!)).toBeLessThan(1e-5);
    expect(metrics[6]!["outerNorm"]).toBeCloseTo(Math.hypot(...listOf(end.outer)), 12);
    expect(metrics[6]!["weightsNorm"]).toBeCloseTo(Math.hypot(...listOf(end.weights)), 12);
    const lengths = metrics.map(({ gradientNorm }) => 0.1 * gradientNorm!);
    expect(metrics[6]!["outerPathLength"]).toBeCloseTo(
      lengths.reduce((sum, one) => sum + one, 0),
      12,
    );
    expect(metrics[0]!["nullity"]).toBe(1);
    // 50 inner steps, and a Hessian of three columns.
    expect(metrics[0]!["innerSteps"]).toBe(53);
    expect(metrics[2]!["innerSteps"]).toBe(253);
  });

  test("retrainGap tells weights that u explains from weights that were carried along", () => {
    const solver = { optimizer: rate(0.3), steps: 200 };
    const fromZero = { solver, weights: wide([0, 0, 0]) };
    // From 0 training on u = (1.5, 0.75) ends at F = 0.09375; weights (1, 1, -1) further on, at 2.34375.
    const own = retrainGap(singular, { outer: wide([1.5, 0.75]), weights: wide([0.25, 0.5, 1.25].map((w, i) => w + [0, 0, 0][i]!)) }, fromZero); // prettier-ignore
    expect(own.mean).toBeCloseTo(0.09375, 8);
    const carried = retrainGap(singular, { outer: wide([1.5, 0.75]), weights: singular.target }, fromZero);
    expect(carried.final).toBe(0);
    expect(carried.gap).toBeCloseTo(0.09375, 8);
    const start = (own_: Key): Tensor => random.normal(own_, [3], { dtype: "float64" });
    const drawn = retrainGap({ ...singular, start }, { outer: wide([1.5, 0.75]), weights: singular.target }, { solver, seeds: 4 }); // prettier-ignore
    expect(drawn.retrained).toHaveLength(4);
    expect(drawn.weights.shape).toEqual([4, 3]);
    // What training leaves of a start is its part along (1, 1, -1): F is never below the least that u allows.
    expect(Math.min(...drawn.retrained)).toBeGreaterThan(-1e-12);
    expect(new Set(drawn.retrained).size).toBe(4);
  });
});

describe("refused", () => {
  const make =
    (options: Partial<Options>, from = theta()) =>
    () =>
      first(options, from);
  test.each<[string, Partial<Options>, string]>([
    ["unrolling to a tolerance", { solver: { tolerance: 1e-3 }, hypergradient: { kind: "unroll" } }, 'solver.tolerance must be absent with kind "unroll"'], // prettier-ignore
    ["the last steps of a function", { solver: (_, w) => w, hypergradient: { kind: "unroll", terms: 2 } }, "hypergradient.terms must be absent where the solver is a function"], // prettier-ignore
    [
      "fresh starts from nowhere",
      { strategy: "cold", reinit: "fresh" },
      'reinit must be "same" without start',
    ],
    [
      "fresh warm starts",
      { strategy: "warm", reinit: "fresh", start: (own) => random.normal(own, [3], { dtype: "float64" }) },
      'reinit must be "same" with strategy "warm"',
    ],
    [
      "most steps without a tolerance",
      { solver: { mostSteps: 50 } },
      "solver.mostSteps must be given with solver.tolerance only",
    ],
    [
      "steps of no re-training",
      { retrain: { every: 0, steps: 5 } },
      "retrain.steps must be absent where retrain.every is 0",
    ],
    [
      "a step beyond 2 / λ",
      { hypergradient: { alpha: 0.7 } },
      "hypergradient.alpha must be below 2 / 3.00000",
    ],
    ["no terms", { hypergradient: { terms: 0 } }, "hypergradient.terms must be an integer of at least 1"],
    [
      "undamped conjugate gradients",
      { hypergradient: { kind: "cg", eps: 0 } },
      "hypergradient.eps must be above 0",
    ],
    ["conjugate gradients on a null direction", { hypergradient: { kind: "cg", eps: 0, iterations: 4, assumeNonsingular: true } }, "a direction without curvature"], // prettier-ignore
    [
      "a series that runs away",
      { inner: (u, w) => singular.inner(u, w).sub(w.mul(w).sum()), solver: { optimizer: rate(1e-9) } },
      "one for an inner Hessian that curves down",
    ],
    [
      "a series without curvature",
      { inner: (u, w) => u.sum().mul(w.sum()) },
      "hypergradient.alpha must be a number where the inner Hessian is 0",
    ],
    [
      "an inner loss without u",
      { inner: (_, w) => w.mul(w).sum() },
      "a loss that depends on the outer parameters",
    ],
    ["a strategy that is none", { strategy: "hot" as "warm" }, "strategy must be one of"],
    ["an option that is none", { hypergradiant: {} } as Partial<Options>, 'Did you mean "hypergradient"?'],
  ])("%s", (_, options, message) => {
    expect(make(options)).toThrow(OptionError);
    expect(make(options)).toThrow(message);
  });

  test("a theta of other parts", () => {
    for (const given of [wide([1, 2]), { u: wide([1, 2]), w: wide([0]) }, null]) {
      expect(make({}, given as never)).toThrow(OptionError);
      expect(make({}, given as never)).toThrow("bilevel: theta must be { outer, weights }, got");
    }
    const without = { outer: undefined as never, weights: wide([0]) };
    expect(make({}, without)).toThrow("the outer parameters must be a tree of tensors, got undefined");
  });

  test("weights of another shape than start draws", () => {
    const start = (own: Key): Tensor => random.normal(own, [4], { dtype: "float64" });
    expect(make({ start })).toThrow(ShapeError);
    expect(make({ start })).toThrow("what start draws");
    expect(make({}, { outer: wide([1, 2]), weights: np.array([1, 2, 3], { dtype: "int32" }) })).toThrow(
      "must be floats",
    );
  });

  test("inner training that diverges, by its name", () => {
    const run_ = make({ solver: { optimizer: rate(1e200), steps: 3 }, hypergradient: { kind: "identity" } });
    expect(run_).toThrow(NonFiniteError);
    expect(run_).toThrow("the inner loss is");
  });
});

test("a norm that overflows while its elements are finite stops the run at that step", () => {
  // The gradient is about 1e160 and F 1e160, the square of the norm 1e320.
  const steep = (_: Tensor, w: Tensor): Tensor => w.sum().mul(1e160);
  const by = (options: Partial<Options>) => () => first({ outer: steep, optimizer: adam(), ...options });
  expect(by({ hypergradient: { kind: "unroll" } })).toThrow(NonFiniteError);
  expect(by({ hypergradient: { kind: "unroll" } })).toThrow(
    /bilevel: gradientNorm is Infinity \(its square may overflow before its elements do\)/,
  );
  expect(by({ hypergradient: { kind: "identity" } })).toThrow('|q| of kind "identity" is Infinity');
});

test("the recipe tells other losses and options apart, also of steps to a tolerance", () => {
  const recipeOf = (options: Partial<Options>) => {
    const method = bilevel({
      inner,
      outer,
      solver: { steps: 2, tolerance: 1e-3 },
      retrain: none,
      ...options,
    });
    return JSON.stringify(method.recipe(theta(), method.init(theta(), key)));
  };
  const twice = (u: Tensor, w: Tensor): Tensor => singular.inner(u, w).mul(2);
  const recipes = [{}, { inner: twice }, { strategy: "cold" as const }, { hypergradient: { terms: 3 } }].map(
    recipeOf,
  );
  expect(new Set(recipes).size).toBe(4);
  expect(recipeOf({})).toBe(recipes[0]);
});
