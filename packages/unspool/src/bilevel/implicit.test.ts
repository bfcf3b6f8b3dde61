/** Implicit derivatives against closed forms and against backpropagation through the solver. */
import { describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../errors.ts";
import { type Tensor, grad, hessian, jit, jvp, lax, linalg, np, random, vmap } from "../array/index.ts";
import { conjugateGradient, direct, implicitFixedPoint, implicitRoot, neumann, normalEquations } from "./index.ts"; // prettier-ignore

const f64 = (values: number | number[] | number[][]) => np.array(values, { dtype: "float64" });
const wide = { dtype: "float64" } as const;

const [n, d] = [12, 4];
const X = random.normal(random.key(1), [n, d], wide);
const y = random.normal(random.key(2), [n], wide);
const target = random.normal(random.key(3), [d], wide);

/** Ridge regression: w = (XᵀX + e^penalty)⁻¹ Xᵀ y. */
const closedForm = (penalty: Tensor): Tensor =>
  linalg.solve(np.matmul(X.transpose(), X).add(np.eye(d, wide).mul(np.exp(penalty))), np.matmul(X.transpose(), y)); // prettier-ignore
const trainingLoss = (w: Tensor, penalty: Tensor): Tensor => {
  const miss = np.matmul(X, w).sub(y);
  return miss
    .mul(miss)
    .sum()
    .mul(0.5)
    .add(w.mul(w).sum().mul(np.exp(penalty)).mul(0.5));
};
const validation = (w: Tensor): Tensor => w.sub(target).mul(w.sub(target)).sum();
/** Found by gradient steps, whose derivative nobody takes. */
const descended = (penalty: Tensor): Tensor =>
  lax.foriLoop(0, 400, (_k, w: Tensor) => w.sub(grad(trainingLoss)(w, lax.stopGradient(penalty)).mul(0.04)), np.zeros([d], wide)) as Tensor; // prettier-ignore

describe("implicitRoot", () => {
  const solvers = [direct(), conjugateGradient(), normalEquations({ steps: 12 }), neumann({ terms: 800, alpha: 0.04 })]; // prettier-ignore
  test.each(solvers)("of a ridge regression with $name has the closed form's derivatives", (solver) => {
    const fit = implicitRoot((w: Tensor, penalty: Tensor) => grad(trainingLoss)(w, penalty), descended, { solver }); // prettier-ignore
    const at = f64(0.3);
    const of = (f: (penalty: Tensor) => Tensor) => (p: Tensor) => validation(f(p));
    expect(
      fit(at)
        .sub(closedForm(at))
        .data.every((e) => Math.abs(e) < 1e-10),
    ).toBe(true);
    const slope = grad(of(closedForm))(at).item();
    expect(jit(grad(of(fit)))(at).item()).toBeCloseTo(slope, 8);
    expect(jvp(of(fit), [at], [f64(1)])[1].item()).toBeCloseTo(slope, 8);
  });

  test("has second derivatives, and maps", { tags: ["long"] }, () => {
    const fit = implicitRoot((w: Tensor, p: Tensor) => grad(trainingLoss)(w, p), descended, { solver: conjugateGradient() }); // prettier-ignore
    const of = (f: (penalty: Tensor) => Tensor) => (p: Tensor) => validation(f(p));
    expect(hessian(of(fit))(f64(0.3)).item()).toBeCloseTo(hessian(of(closedForm))(f64(0.3)).item(), 7);
    const many = f64([-1, 0, 1]);
    const [slopes, wanted] = [fit, closedForm].map((f) => vmap(grad(of(f)))(many).toArray() as number[]);
    wanted!.forEach((slope, i) => expect(slopes![i]).toBeCloseTo(slope, 8));
  });

  test("takes trees for x and theta", () => {
    // u² = a, v = u b: u = √a, v = b √a.
    const solve = ({ a, b }: { a: Tensor; b: Tensor }) => ({ u: np.sqrt(a), v: b.mul(np.sqrt(a)) });
    const root = implicitRoot(
      ({ u, v }: { u: Tensor; v: Tensor }, { a, b }: { a: Tensor; b: Tensor }) => ({
        u: u.mul(u).sub(a),
        v: v.sub(u.mul(b)),
      }),
      solve,
    );
    const slope = grad((theta: { a: Tensor; b: Tensor }) => root(theta).v)({ a: f64(4), b: f64(3) });
    expect([slope.a.item(), slope.b.item()]).toEqual([0.75, 2]);
  });

  test("names the function of the user, and takes one argument", () => {
    const trained = (theta: Tensor): Tensor => theta;
    const equations = (x: Tensor, theta: Tensor): Tensor => x.sub(theta);
    const loose = implicitRoot(equations, trained) as (...given: unknown[]) => Tensor;
    expect(() => loose(f64(1), f64(2))).toThrow(/^implicitRoot\(trained\): takes one argument, theta, got 2/);
    expect(() => loose()).toThrow(/^implicitRoot\(trained\): takes one argument, theta, got 0/);
    const moving = (t: Tensor): Tensor => implicitRoot(equations, function fitted(theta) { return theta.mul(t); })(t); // prettier-ignore
    expect(() => grad(moving)(f64(2))).toThrow(/^implicitRoot\(fitted\): the function closes over/);
    expect(() => implicitRoot(equations, undefined as never)).toThrow(
      /^implicitRoot: solve must be a function/,
    );
    expect(() => implicitRoot(undefined as never, trained)).toThrow(/^implicitRoot: equations must be/);
    expect(() => implicitFixedPoint(undefined as never, trained)).toThrow(/^implicitFixedPoint: map must be/);
  });

  test("says what does not fit", () => {
    const solve = () => np.zeros([600]);
    const many = implicitRoot((x: Tensor, t: Tensor) => x.sub(t), solve);
    expect(() => grad((t: Tensor) => many(t).sum())(np.array(1))).toThrow(OptionError);
    const scalar = implicitRoot((x: Tensor, t: Tensor) => x.sum().sub(t), () => np.zeros([3])); // prettier-ignore
    expect(() => grad((t: Tensor) => scalar(t).sum())(np.array(1))).toThrow(ShapeError);
    expect(() => grad((t: Tensor) => scalar(t).sum())(np.array(1))).toThrow(
      /implicitRoot: what the equations returned/,
    );
    expect(() => implicitRoot(solve, solve, { linearSolver: direct() } as never)).toThrow(/solver/);
    expect(() => implicitRoot(solve, solve, { solver: conjugateGradient as never })).toThrow(/Write \{ solver: conjugateGradient\(\) \}/); // prettier-ignore
    const th = f64([1, 2]);
    const moving = (w: Tensor) => implicitRoot((x: Tensor, t: Tensor) => x.mul(w).sub(t), (t) => t.div(2))(th).sum(); // prettier-ignore
    expect(() => grad(moving)(f64(2))).toThrow(/closes over a value that is being differentiated/);
    expect(() => implicitRoot(undefined as never, solve)).toThrow(
      "implicitRoot: equations must be a function of x and theta, got undefined",
    );
    expect(() => implicitFixedPoint(solve, undefined as never)).toThrow(
      "implicitFixedPoint: solve must be a function of theta that finds x, got undefined",
    );
    expect(() => conjugateGradient({ steps: 0 })).toThrow(OptionError);
    expect(() => neumann({ alpha: -1 })).toThrow(OptionError);
  });
});

describe("implicitFixedPoint", () => {
  interface Layer {
    w: Tensor;
    x: Tensor;
  }
  const map = (z: Tensor, { w, x }: Layer): Tensor => np.tanh(np.matmul(w, z).add(x));
  const iterated = (layer: Layer): Tensor =>
    lax.foriLoop(0, 80, (_k, z: Tensor) => map(z, layer), np.zerosLike(layer.x)) as Tensor;
  const layer = { w: random.normal(random.key(4), [3, 3], wide).mul(0.3), x: f64([0.5, -1, 0.2]) };

  test.each([direct(), neumann({ terms: 60 }), normalEquations({ steps: 10 })])(
    "with $name: the gradients of backpropagation through all iterations",
    (solver) => {
      const equilibrium = implicitFixedPoint(map, iterated, { solver });
      const loss = (f: (l: Layer) => Tensor) => (l: Layer) => f(l).mul(f(l)).sum();
      const [got, wanted] = [equilibrium, iterated].map((f) => grad(loss(f))(layer));
      expect(np.abs(got!.w.sub(wanted!.w)).max().item()).toBeLessThan(1e-9);
      expect(np.abs(got!.x.sub(wanted!.x)).max().item()).toBeLessThan(1e-9);
    },
  );

  test("by default with 20 terms of the Neumann series", () => {
    // x = x theta / 2 + 1 has the slope x theta' ... the series: 20 terms of 1 / (1 - theta / 2).
    const half = implicitFixedPoint(
      (x: Tensor, theta: Tensor) => x.mul(theta).mul(0.5).add(1),
      (theta) => np.array(1, wide).div(theta.mul(-0.5).add(1)),
    );
    const slope = grad((theta: Tensor) => half(theta))(f64(1)).item();
    expect(slope).toBeCloseTo(0.5 * 2 * 2 * (1 - 0.5 ** 20), 13);
  });
});

describe("a derivative whose linear system is not solved is NaN, not a number", () => {
  // x = rate x - theta: x = theta / (rate - 1).
  const affine = (rate: number) =>
    [(x: Tensor, theta: Tensor) => x.mul(rate).sub(theta), (theta: Tensor) => theta.div(rate - 1)] as const;
  const slopeOf = (rate: number, options = {}): number =>
    grad(implicitFixedPoint(...affine(rate), options))(f64(1)).item();

  test.each([3, 0.99, -1.5])("20 terms of the series, a map of slope %d", (rate) => {
    expect(slopeOf(rate)).toBeNaN();
    expect(jit(grad(implicitFixedPoint(...affine(rate))))(f64(1)).item()).toBeNaN();
    for (const solver of [direct(), normalEquations()])
      expect(slopeOf(rate, { solver })).toBeCloseTo(1 / (rate - 1), 9);
  });

  test("steps that are given are taken as they are, unless a tolerance is too", () => {
    expect(slopeOf(0.99, { solver: neumann({ terms: 20 }) })).toBeCloseTo(-100 * (1 - 0.99 ** 20), 9);
    expect(slopeOf(0.99, { solver: neumann({ terms: 20, tolerance: 0.5 }) })).toBeNaN();
    expect(slopeOf(0.99, { solver: neumann({ terms: 2000, tolerance: 1e-6 }) })).toBeCloseTo(-100, 5);
    expect(() => neumann({ tolerance: 0 })).toThrow("neumann: tolerance must be a number above 0, got 0");
    expect(() => conjugateGradient({ tolerance: NaN })).toThrow(OptionError);
  });

  /** A x = theta. */
  const linear = (A: Tensor) =>
    [
      (x: Tensor, theta: Tensor) => np.matmul(A, x).sub(theta),
      (theta: Tensor) => linalg.solve(A, theta),
    ] as const;
  const theta = f64([1, 2]);
  test.each(["grad", "jvp", "jit", "vmap"])(
    "conjugate gradients of a matrix that is not symmetric, by %s",
    (mode) => {
      const slopes = (A: Tensor): number[] => {
        const root = implicitRoot(...linear(A), { solver: conjugateGradient({ steps: 2 }) });
        const sum = (t: Tensor): Tensor =>
          root(t)
            .mul(f64([1, 3]))
            .sum();
        if (mode === "jvp") return Array.from(jvp(root, [theta], [theta])[1].data);
        const slope = grad(sum);
        if (mode === "vmap") return Array.from(vmap(slope)(f64([[1, 2], [0, 1]])).data).slice(0, 2); // prettier-ignore
        return Array.from((mode === "jit" ? jit(slope) : slope)(theta).data);
      };
      expect(slopes(f64([[3, 1], [0, 2]]))).toEqual([NaN, NaN]); // prettier-ignore
      expect(slopes(f64([[3, 1], [1, 2]])).every(Number.isFinite)).toBe(true); // prettier-ignore
    },
  );

  test("conjugate gradients that have not arrived after 100 steps", () => {
    const size = 300;
    const scales = np.array(
      Array.from({ length: size }, (_, i) => 10 ** ((8 * i) / size)),
      wide,
    );
    const pair = [(x: Tensor, t: Tensor) => x.mul(scales).sub(t), (t: Tensor) => t.div(scales)] as const;
    for (const solver of [conjugateGradient(), normalEquations()]) {
      const slope = grad((t: Tensor) => implicitRoot(...pair, { solver })(t).sum())(np.ones([size], wide));
      expect(slope.data.every(Number.isNaN)).toBe(true);
    }
  });
});
