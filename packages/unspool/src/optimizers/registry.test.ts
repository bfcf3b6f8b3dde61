/** What holds for every optimizer of the registry, on every kind of tree. */
import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { type Tensor, type Tree, grad, jit, np, tree, vmap } from "../array/index.ts";
import { createOptimizer, optimizerEntry, optimizerNames, optimizers } from "./registry.ts";
import {
  expectClose,
  expectSameBits,
  f32,
  f64,
  mixedGradient,
  mixedTheta,
  numbers,
  throughData,
  trajectory,
  withLoss,
} from "./testing.ts";
import { lookahead } from "./wrappers/lookahead.ts";
import { momentum } from "./rules/momentum.ts";

/** Options that are not defaults, and wrappers around something with state. */
const variants: [string, Record<string, unknown>][] = [
  ["rmsprop", { centered: true, momentum: 0.9 }],
  ["lookahead", { inner: "adam", k: 2, innerState: "pull" }],
  ["lookahead", { inner: "adam", k: 2, innerState: "reset", outerMomentum: 0.5 }],
  ["lookahead", { inner: "adam", k: 2, adaptive: {} }],
  ["lookahead", { inner: { name: "lookahead", inner: "momentum", k: 2 }, k: 2 }],
  ["masked", { inner: { name: "lookahead", inner: "adam", k: 2 } }],
  ["clipByGlobalNorm", { inner: { name: "adam", learningRate: { schedule: "linearSchedule", steps: 9 } } }],
  ["accumulate", { inner: "adamw", every: 2 }],
  ["swa", { inner: "sm3", start: 1, every: 2 }],
];

/** All of the registry, and the variants. */
const cases: [string, Record<string, unknown>][] = [
  ...optimizerNames.map((name): [string, Record<string, unknown>] => [name, {}]),
  ...variants,
];

describe.each(cases)("%s %j", (name, options) => {
  const make = () => withLoss(createOptimizer(name, options));

  test("keeps structure, dtypes, and integer leaves, and moves every other leaf", () => {
    const theta = mixedTheta();
    const points = trajectory(make(), theta, mixedGradient, 4);
    const last = points.at(-1)!;
    tree.requireSame("test", "theta", theta, last.theta);
    tree.requireSame("test", "state", points[0]!.state, last.state);
    expectSameBits(last.theta.index, theta.index);
    for (const [path, leaf] of tree.entries({ layers: last.theta.layers })) {
      const before = new Map(tree.entries(theta)).get(path)!;
      expect(
        leaf.data.every((x, i) => Number.isFinite(x) && x !== before.data[i]),
        path,
      ).toBe(true);
    }
  });

  test("takes a bare tensor, and treats an array like each of its elements where coordinates are apart", () => {
    const { isJoint = false } = optimizerEntry(name);
    if (isJoint || options["adaptive"] !== undefined) return expect(make().name).toContain(name);
    const both = trajectory(make(), f64([1, -2]), (x) => x.mul(3), 5).at(-1)!.theta;
    const each = [1, -2].map((x0) =>
      trajectory(make(), f64(x0), (x) => x.mul(3), 5)
        .at(-1)!
        .theta.item(),
    );
    expectClose(both, each, 1e-14, ` (or optimizers/registry.ts: isJoint of "${name}")`);
  });

  // jax-js compiles a chain of elementwise operations in time exponential in its length: two steps, not more.
  test("maps over particles with vmap", () => {
    const optimizer = make();
    const twoSteps = (x0: Tensor): Tensor => {
      let [theta, state] = [x0, optimizer.init(x0)];
      for (let t = 0; t < 2; t++) {
        ({ theta, state } = optimizer.update(theta.mul(3), state, theta));
      }
      return theta;
    };
    const starts = [
      [1, -2],
      [0.5, 4],
    ];
    const mapped = jit(vmap(twoSteps))(np.array(starts, { dtype: "float64" }));
    expectClose(
      mapped,
      starts.flatMap((x0) => numbers(twoSteps(f64(x0)))),
      1e-14,
    );
  });

  test("has the gradient of its parameters after 2 steps that differences give", { tags: ["long"] }, () => {
    const optimizer = make();
    const loss = (x0: Tensor): Tensor => {
      let [theta, state] = [x0, optimizer.init(x0)];
      for (let t = 0; t < 2; t++) {
        ({ theta, state } = optimizer.update(theta.mul(3).add(0.2 * t), state, theta));
      }
      return theta.mul(theta).sum();
    };
    const at = [1, -2];
    const h = 1e-5;
    const differences = at.map((_, i) => {
      const moved = (sign: number) => loss(f64(at.map((x, j) => (i === j ? x + sign * h : x)))).item();
      return (moved(1) - moved(-1)) / (2 * h);
    });
    expectClose(grad(loss)(f64(at)), differences, 1e-7);
  });
});

// The conformance suite checks these of all of the registry.
describe.each(variants)("%s %j", (name, options) => {
  const make = () => createOptimizer(name, options);

  test("counts its updates in the int32 leaf `step`", () => {
    const { state } = trajectory(make(), f64([1, 2]), mixedGradient, 3).at(-1)!;
    const { step } = state as { step: Tensor };
    expect([step.dtype, step.ndim, step.item()]).toEqual(["int32", 0, 3]);
  });

  test("inside jit gives the same as step by step", () => {
    for (const theta of [f64([1, -2]), mixedTheta()]) {
      const [eager, compiled] = [false, true].map((flag) =>
        trajectory<unknown>(make(), theta, mixedGradient, 2, flag).at(-1)!,
      );
      expectClose(compiled!.theta, numbers(eager!.theta), tree.size(theta) === 2 ? 1e-14 : 1e-6);
      expectClose(compiled!.state, numbers(eager!.state), tree.size(theta) === 2 ? 1e-14 : 1e-6);
    }
  });

  test("goes on with the same bits from a copy of its state", () => {
    const whole = trajectory(make(), mixedTheta(), mixedGradient, 3, true);
    const { theta, state } = throughData(whole[1]!);
    const gradient = (x: typeof theta, t: number) => mixedGradient(x, t + 1);
    expectSameBits(trajectory(make(), theta, gradient, 2, true, state).at(-1), whole[3]);
  });

  test("a gradient of another structure is a typed error that names the optimizer", () => {
    const optimizer = make();
    const theta = { a: f64([1, 2]), b: f64([3]) };
    const short = { a: f64([1, 2]), b: f64([3, 4]) };
    expect(() => optimizer.update(short, optimizer.init(theta), theta)).toThrow(
      /: gradient at "b" is float64\[2\], expected float64\[1\]\./,
    );
  });
});

test("names are unique, and every entry lists its options", () => {
  expect(new Set(optimizerNames).size).toBe(optimizerNames.length);
  for (const { name, defaults, isWrapper, summary } of optimizers) {
    expect(summary, name).toMatch(/\S/);
    expect("inner" in defaults, name).toBe(isWrapper);
    expect(createOptimizer(name, { ...defaults }).name, name).toContain(name);
  }
});

test("an inner optimizer can be a name, a record or an optimizer", () => {
  const names = ["momentum", { name: "momentum" }, momentum()].map(
    (inner) => createOptimizer("lookahead", { inner }).name,
  );
  expect(names).toEqual(Array.from({ length: 3 }, () => "lookahead(momentum)"));
});

test.each([
  [() => createOptimizer("adan"), "createOptimizer: name must be one of"],
  [() => createOptimizer("lookahed"), 'got "lookahed". Did you mean "lookahead"?'],
  [() => createOptimizer("adam", { learningrate: 1 }), 'got "learningrate". Did you mean "learningRate"?'],
  [() => createOptimizer("lookahead", { inner: "adm" }), 'got "adm". Did you mean "adam"?'],
  [
    () => createOptimizer("lookahead", { inner: 3 }),
    "lookahead: inner must be the name of an optimizer, or a record with `name` and options, got 3.",
  ],
  [
    () => createOptimizer("sgd", { learningRate: { schedule: "cosineDcay" } }),
    'got "cosineDcay". Did you mean "cosineDecay"?',
  ],
  [
    () => createOptimizer("sgd", { learningRate: { schedule: "cosineDecay", step: 3 } }),
    'cosineDecay: the name of an option must be one of "from", "to", "steps", got "step". Did you mean "steps"?',
  ],
  [
    () => createOptimizer("sgd", { learningRate: "0.1" }),
    'sgd: learningRate must be a number above 0, a tensor or a schedule, got "0.1".',
  ],
  [
    () => createOptimizer("adam", { beta1: 1 }),
    "adam: beta1 must be a number of at least 0 and below 1, a tensor or a schedule, got 1.",
  ],
  [() => createOptimizer("adam", { learningRate: NaN }), "got NaN."],
  [
    () => createOptimizer("accumulate", { every: 0 }),
    "accumulate: every must be an integer of at least 1, got 0.",
  ],
  [
    () => createOptimizer("masked", { trained: 7 }),
    "masked: trained must be a function of path and leaf, or an array of paths, got 7.",
  ],
])("a wrong option is a typed error (%#)", (build, message) => {
  expect(build).toThrow(message);
});

test("a constant gradient moves sgd along a straight line, whatever the tree (property)", () => {
  const leaf = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 3 });
  const structure = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      leaf.map((values) => f64(values)),
      fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("node"), { minKeys: 1, maxKeys: 3 }),
    ),
  })).node;
  fc.assert(
    fc.property(structure, fc.integer({ min: 1, max: 3 }), (theta, steps) => {
      const ones = tree.map((x) => np.onesLike(x), theta);
      const end = trajectory<unknown>(
        createOptimizer("sgd", { learningRate: 0.5 }),
        theta,
        () => ones,
        steps,
      ).at(-1)!;
      tree.requireSame("test", "theta", theta, end.theta);
      expectClose(
        end.theta,
        numbers(theta).map((x) => x - 0.5 * steps),
      );
    }),
    { seed: 11, numRuns: 40 },
  );
});

test("float32 and float64 agree", { tags: ["long"] }, () => {
  for (const name of optimizerNames) {
    const [single, double] = [f32([1, -2]), f64([1, -2])].map((theta): { theta: Tensor; state: Tree } =>
      trajectory(withLoss(createOptimizer(name)), theta, mixedGradient, 6).at(-1)!,
    );
    expect([single!.theta.dtype, double!.theta.dtype]).toEqual(["float32", "float64"]);
    expectClose(single!.theta, numbers(double!.theta), 1e-5);
  }
});

test("types: theta keeps its type through an update, and state belongs to its optimizer", () => {
  const optimizer = momentum();
  const theta = { layers: [f64(1)], scale: f64(2) };
  const moved = optimizer.update(theta, optimizer.init(theta), theta);
  expectTypeOf(moved.theta).toEqualTypeOf<{ layers: Tensor[]; scale: Tensor }>();
  expectTypeOf(moved.state.velocity).toEqualTypeOf<Tree>();
  expectTypeOf(lookahead(momentum()).init(theta).inner.velocity).toEqualTypeOf<Tree>();
  // @ts-expect-error: a gradient of another structure.
  expect(() => optimizer.update({ scale: f64(2) }, optimizer.init(theta), theta)).toThrow("is missing");
  // @ts-expect-error: an option that does not exist.
  expect(() => momentum({ beta: 0.9 })).toThrow("the name of an option must be one of");
});
