/**
 * Loops inside functions, compiled, against the reference: for all units, per unit and per member of a unit. Values and
 * gradients are of size 1; bounds are 4096 ulps in float64 (1e-12) and 64 in float32, whole numbers are exact.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jvp, np, random, scan } from "../../array/index.ts";
import { type GradientEstimator, bptt, pes } from "../../estimators/index.ts";
import { type Executor, compiledExecutor, defineProblem, referenceExecutor } from "../../unroll/index.ts";
import { compileFunction, explainProgram } from "../index.ts";
import { wrongOfAll } from "./testing/check.ts";
import { type Bound, treeDifferences } from "./testing/compare.ts";
import { caseOf, int, loopCases, nestedLoop, network, networkArguments } from "./testing/loops.ts";
import { type RandomLoop, randomLoops } from "./testing/randomLoop.ts";

type FloatType = "float32" | "float64";

const boundOf = (dtype: FloatType): Bound => ({ ulps: dtype === "float32" ? 64 : 4096, scale: 1, dtype });

const f64 = (value: number): Tensor => np.array(value, { dtype: "float64" });

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  test("values", { tags: ["long"] }, () => {
    expect(wrongOfAll(loopCases(dtype), boundOf(dtype))).toEqual([]);
  });
});

/** Half of the policies here, all of them by `npm run test:robustness`. */
const policies = [{ states: 2 }, "all", "sqrt", { states: 1 }] as const;

test.each(process.env["UNSPOOL_LONG_TESTS"] ? policies : policies.slice(0, 2))(
  "gradients, checkpoints %o",
  (checkpoints) => {
    const [w, b, h, rows] = networkArguments("float64") as [Tensor, Tensor, Tensor, Tensor];
    const xs = rows.slice([0, 5]);
    const loss = (...args: Tensor[]): Tensor => {
      const [last, ys] = network(...(args as [Tensor, Tensor, Tensor, Tensor]), { checkpoints });
      return last.sum().add(ys.mul(ys).mean());
    };
    const nested = (weights: Tensor): Tensor =>
      scan(
        (state: Tensor, row: Tensor) => [
          network(weights, row, state, xs.slice([0, 2]), { checkpoints })[0],
          undefined,
        ],
        h,
        xs.slice([2, 5]),
        { checkpoints },
      )[0].sum();
    const cases = [
      caseOf("network", [w, b, h, xs], (...at) =>
        at.map((given, i) =>
          grad((own: Tensor) => loss(...at.map((arg, j) => (i === j ? own : arg))))(given),
        ),
      ),
      caseOf("nested", [w], (weights) => [grad(nested)(weights!)]),
    ];
    expect(wrongOfAll(cases, { ...boundOf("float64"), scale: 4 })).toEqual([]);
  },
);

test("tangents, and derivatives of gradients", { tags: ["long"] }, () => {
  const [w, b, h, xs] = networkArguments("float64") as [Tensor, Tensor, Tensor, Tensor];
  const loss = (own: Tensor): Tensor => network(own, b, h, xs)[1].sum();
  const rows = [
    caseOf("forward", [w], (own) => jvp(loss, [own!], [np.ones([3, 3], { dtype: "float64" })])),
    caseOf("second", [w], (own) => [grad((at: Tensor) => grad(loss)(at).slice(0).sum())(own!)]),
  ];
  expect(wrongOfAll(rows, { ...boundOf("float64"), scale: 16 })).toEqual([]);
});

test("whole numbers and random draws by the number of the step, exactly", () => {
  const key = random.key(7);
  const run = () => {
    const [[a]] = scan(([x, y]: Tensor[]) => [[y!, x!.add(y!)], undefined], [int(0), int(1)], undefined, {
      length: 30,
    });
    const [, bits] = scan(
      (count: Tensor, _: undefined, k: Tensor) => [count.add(1), random.bits(random.foldIn(key, k), [3])],
      int(0),
      undefined,
      { length: 4 },
    );
    return [a!, bits];
  };
  expect(treeDifferences(compileFunction("numbers", run, [])(), run(), { ulps: 0 })).toEqual([]);
});

test("a thousand steps in closed form, forward and in reverse", () => {
  // h' = a h + x with x = 0: h_n = a^n h_0.
  const run = (a: Tensor) =>
    scan(
      (h: Tensor, x: Tensor) => [h.mul(a).add(x), undefined],
      f64(2),
      np.zeros([1000], { dtype: "float64" }),
    )[0];
  const at = f64(0.999);
  const [value] = compileFunction("powers", (a: Tensor) => [run(a)], [at])(at);
  const slope = compileFunction("slope", grad(run), [at])(at);
  expect(value!.item()).toBeCloseTo(2 * 0.999 ** 1000, 12);
  expect(slope.item() / (2000 * 0.999 ** 999)).toBeCloseTo(1, 12);
});

test.each([0, 12])("random loops in a loop, with %i operations of their own", { tags: ["long"] }, (most) => {
  const check = (random: RandomLoop): void => {
    const { program, args } = nestedLoop(random);
    const wanted = referenceExecutor().forward(program, args.shared, args.units);
    const got = compiledExecutor().forward(program, args.shared, args.units);
    expect(treeDifferences(got, wanted, { ...boundOf(random.dtype), scale: 2 })).toEqual([]);
  };
  fc.assert(fc.property(randomLoops(most), check), { numRuns: 12, seed: 5 });
});

/** A step that is itself a loop: three inner steps of s ← s - e^rate (s - target + wave tanh(s reversed)). */
const problem = defineProblem({
  name: "inner loop",
  horizon: 6,
  init: () => ({ s: np.array([1, -0.5, 0.25], { dtype: "float64" }), count: int(0) }),
  step(theta: { rate: Tensor; target: Tensor }, { s, count }, { t }) {
    const [next, losses] = scan(
      ({ at, n }: { at: Tensor; n: Tensor }, wave: Tensor) => {
        const miss = at.sub(theta.target).add(np.tanh(np.flip(at) as Tensor).mul(wave));
        return [{ at: at.sub(miss.mul(np.exp(theta.rate))), n: n.add(1) }, miss.mul(miss).sum()];
      },
      { at: s, n: count },
      np.array([0.1, 0.2, -0.1], { dtype: "float64" }),
    );
    return { state: { s: next.at, count: next.n }, loss: losses.mean().mul(t.astype("float64").add(1)) };
  },
});

const theta = { rate: f64(-1.5), target: np.array([0.5, 0.1, -0.3], { dtype: "float64" }) };

const exact: Bound = { ulps: 4096, scale: 4 };

/** Noise is drawn in float32. */
const estimators: readonly [name: string, bound: Bound, create: (executor: Executor) => GradientEstimator][] =
  [
    [
      "pes",
      { ulps: 64, scale: 1, dtype: "float32" },
      (executor) => erased(pes(problem, { pairs: 13, truncation: 2, sigma: 0.1, executor })),
    ],
    ["bptt", exact, (executor) => erased(bptt(problem, { executor }))],
    [
      "bptt of 7 tasks",
      exact,
      (executor) => erased(bptt(problem, { tasks: 7, checkpoints: "sqrt", executor })),
    ],
  ];

const erased = (estimator: unknown): GradientEstimator => estimator as GradientEstimator;

describe.each(estimators)("a problem whose step is a loop: %s", (_, bound, create) => {
  const run = (executor: Executor) => {
    const estimator = create(executor);
    let state = estimator.init(theta, random.key(1));
    return [0, 1, 2, 3].map((i) => {
      const estimate = estimator.estimate(theta, state, random.key(10 + i));
      state = estimate.state;
      return { loss: f64(estimate.loss), gradient: estimate.gradient };
    });
  };
  test("is estimated as by the reference, and with the same bits by two threads", () => {
    const alone = run(compiledExecutor());
    expect(treeDifferences(alone, run(referenceExecutor()), bound)).toEqual([]);
    expect(
      treeDifferences(run(compiledExecutor({ threads: 2 })), alone, { ulps: 0, isSigned: true }),
    ).toEqual([]);
  });
});

test("its work is that of its steps", () => {
  const seen: ReturnType<typeof explainProgram>[] = [];
  const executor = compiledExecutor({ onCompile: ({ program }) => seen.push(explainProgram(program)) });
  const estimator = pes(problem, { pairs: 13, truncation: 2, executor });
  estimator.estimate(theta, estimator.init(theta, random.key(1)), random.key(2));
  const kernels = seen.flatMap(({ sections }) => sections.flatMap((section) => section.kernels));
  const loop = kernels.find(({ kind }) => kind === "loop")!;
  expect(loop).toMatchObject({ title: "3 steps", level: "member", space: [3] });
  expect(loop.operations).toMatchObject({ tanh: 1 });
  // Three elements, three steps, two members, and more than 20 operations for tanh alone.
  expect(loop.perUnit.flops).toBeGreaterThan(3 * 3 * 2 * 20);
});
