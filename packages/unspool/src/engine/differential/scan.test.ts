/**
 * Loops inside functions, compiled, against the reference: for all units, per unit and per member of a unit. Values and
 * gradients are of size 1; bounds are 4096 ulps in float64 (1e-12) and 64 in float32, whole numbers are exact.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ScanOptions, type Tensor, grad, jvp, np, random, scan, tree } from "../../array/index.ts";
import { type GradientEstimator, bptt, pes } from "../../estimators/index.ts";
import { type Executor, compiledExecutor, defineProblem, referenceExecutor } from "../../unroll/index.ts";
import { compileFunction, explainProgram } from "../index.ts";
import { wrongOfAll } from "./testing/check.ts";
import { type Bound, treeDifferences } from "./testing/compare.ts";
import type { FunctionCase } from "./testing/functions.ts";
import { type RandomLoop, loopOf, randomLoops } from "./testing/randomLoop.ts";

type FloatType = "float32" | "float64";

const boundOf = (dtype: FloatType): Bound => ({ ulps: dtype === "float32" ? 64 : 4096, scale: 1, dtype });

/** Numbers between -1 and 1 that float32 holds exactly. */
const numbers = (shape: readonly number[], dtype: FloatType, from = 0): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Array.from({ length: size }, (_, i) => (((i + from) * 37) % 64) / 32 - 1);
  return np.array(data, { shape: [...shape], dtype });
};

const f64 = (value: number): Tensor => np.array(value, { dtype: "float64" });

const int = (value: number): Tensor => np.array(value, { dtype: "int32" });

const caseOf = (name: string, args: readonly Tensor[], call: FunctionCase["call"]): FunctionCase => ({
  name,
  call,
  args,
  vary: "scale",
  isDifferentiable: true,
});

/** h ← tanh(W h + x + b), with every state as y. */
function network(w: Tensor, b: Tensor, h: Tensor, xs: Tensor, options: ScanOptions = {}): [Tensor, Tensor] {
  return scan(
    (state: Tensor, x: Tensor): [Tensor, Tensor] => {
      const next = np.tanh(np.matmul(w, state).add(x).add(b));
      return [next, next];
    },
    h,
    xs,
    options,
  );
}

const networkArguments = (dtype: FloatType): Tensor[] => [
  numbers([3, 3], dtype),
  numbers([3], dtype, 5),
  numbers([3], dtype, 11),
  numbers([7, 3], dtype, 2),
];

const values = (dtype: FloatType): FunctionCase[] => {
  const x = numbers([5, 4], dtype);
  const fixed = numbers([4, 4], dtype, 3).mul(0.5);
  return [
    caseOf("network", networkArguments(dtype), (...args) =>
      network(...(args as [Tensor, Tensor, Tensor, Tensor])),
    ),
    caseOf("a carry that starts the same for all, constant weights", [x], (xs) =>
      network(fixed, np.zeros([4], { dtype }), np.zeros([4], { dtype }), xs!),
    ),
    caseOf("rows that are the same for all", [x.slice(0)], (h) =>
      network(fixed, np.ones([4], { dtype }), h!, x),
    ),
    caseOf("a carry that only later differs between units", [x], (xs) =>
      scan(
        ([a, b, c]: Tensor[], row: Tensor) => [[b!, c!, row], a!],
        [0, 1, 2].map((value) => np.full([4], value, { dtype })),
        xs!,
      ).flat(),
    ),
    caseOf("what is given changes places; a y that is the old carry, the row, a number", [x], (xs) => {
      const [[a, b], ys] = scan(
        ([p, q]: Tensor[], row: Tensor) => [
          [q!, p!.add(row)],
          { old: p!, row, one: np.array(1.5, { dtype }) },
        ],
        [xs!.slice(0), xs!.slice(1)],
        xs!,
      );
      return [a!, b!, ...tree.leaves(ys)];
    }),
    caseOf("columns, some rows, reversed rows", [x], (xs) =>
      [xs!.transpose(), xs!.slice([1, 4]), np.flip(xs!, 0), xs!.reshape([10, 2])].flatMap((rows) =>
        scan((sum: Tensor, row: Tensor) => [sum.mul(0.5).add(row), sum], rows.slice(0), rows),
      ),
    ),
    caseOf("scalars of every kind", [x.slice(0)], (xs) => {
      const [[sum, count, isOdd], ys] = scan(
        ([s, n, odd]: Tensor[], row: Tensor, k: Tensor) => [
          [s!.add(row), n!.add(k), np.logicalNot(odd!) as Tensor],
          [n!.mul(2), np.where(odd!, row, s!) as Tensor, row.greater(0)],
        ],
        [np.array(0, { dtype }), int(1), np.array(false)],
        xs!,
      );
      return [sum!, count!, isOdd!, ...ys];
    }),
    caseOf("a loop in a loop", [x, fixed], (xs, w) =>
      scan(
        (h: Tensor, row: Tensor) => {
          const [inner, sums] = scan(
            (g: Tensor, element: Tensor, k: Tensor) => [
              np.tanh(np.matmul(w!, g).add(element).add(row)),
              g.sum().mul(k.astype(dtype)).mul(0.1),
            ],
            h,
            row,
          );
          return [inner, sums];
        },
        np.zeros([4], { dtype }),
        xs!,
      ),
    ),
    caseOf("rows by number, sums, sorted rows, long rows", [x, numbers([3, 120], dtype)], (xs, rows) => {
      const [last, ys] = scan(
        (h: Tensor, row: Tensor, k: Tensor) => [
          h.add(xs!.slice(k)).mul(0.5),
          [row.mul(h.sum()).mul(0.1), np.sort(row.slice([0, 9]))],
        ],
        xs!.slice(4),
        rows!,
      );
      return [last, ...(ys as Tensor[])];
    }),
    caseOf("what no step changes is computed once", [fixed, x], (w, xs) =>
      scan(
        (h: Tensor, row: Tensor) => [
          h.mul(0.5).add(row),
          np.exp(np.matmul(w!, w!).mul(0.25)).sum().mul(h).mul(0.01),
        ],
        xs!.slice(0),
        xs!,
      ),
    ),
    caseOf("one step; no y; two loops after each other", [x], (xs) => {
      const [one] = scan(
        (h: Tensor, row: Tensor) => [h.sub(row), undefined],
        xs!.slice(3),
        xs!.slice([0, 1]),
      );
      const [two, ys] = scan((h: Tensor) => [h.mul(0.75), h], one, undefined, { length: 4 });
      return [two, ys.sum(0)];
    }),
  ];
};

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  test("values", () => {
    expect(wrongOfAll(values(dtype), boundOf(dtype))).toEqual([]);
  });
});

test.each(["all", "sqrt", { states: 1 }, { states: 2 }] as const)(
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

test("tangents, and derivatives of gradients", () => {
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

/** A random loop whose every step is that loop, which also hands on rows of what it was given and what it made. */
function nestedLoop(random: RandomLoop): ReturnType<typeof loopOf> {
  const { program, args } = loopOf(random);
  const step: typeof program.step = (shared, constant, carry) => {
    const rows = np.array([1, 0.5, -0.5], { dtype: random.dtype });
    const [last, [old, made]] = scan(
      (inner: typeof carry, row: Tensor, k: Tensor) => {
        const next = program.step(shared, constant, inner, k);
        return [next, [inner.values[0]!, next.values.at(-1)!.mul(row)]];
      },
      carry,
      rows,
    ) as [typeof carry, [Tensor, Tensor]];
    const middle = old
      .slice(1)
      .reshape([old.size / 3])
      .add(made.slice(0).reshape([old.size / 3]));
    const [first, ...others] = last.values as [Tensor, ...Tensor[]];
    return { ...last, values: [first.add(middle.mul(0.5).reshape([...first.shape])).mul(0.5), ...others] };
  };
  return { program: { ...program, step }, args };
}

test.each([0, 12])("random loops in a loop, with %i operations of their own", (most) => {
  const check = (random: RandomLoop): void => {
    const { program, args } = nestedLoop(random);
    const wanted = referenceExecutor().forward(program, args.shared, args.units);
    const got = compiledExecutor().forward(program, args.shared, args.units);
    expect(treeDifferences(got, wanted, { ...boundOf(random.dtype), scale: 2 })).toEqual([]);
  };
  fc.assert(fc.property(randomLoops(most), check), { numRuns: 12, seed: 5 });
});

/** A step that is itself a loop: three inner steps of s ← s - rate (s - target + coupling s'). */
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
