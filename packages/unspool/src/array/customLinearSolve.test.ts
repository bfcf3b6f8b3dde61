import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, grad, hessian, jacobian, jit, jvp, lax, linalg, np, scan, vmap } from "./index.ts";

const f64 = (values: number | number[] | number[][]) => np.array(values, { dtype: "float64" });
const A = f64([[4, 1, 0], [2, 5, 1], [0, -1, 3]]); // prettier-ignore
const b = f64([1, 2, 3]);

/** Richardson's iteration, whose steps are not linear in b to the eye: its coefficient depends on it. */
const richardson = (times: (v: Tensor) => Tensor, right: Tensor): Tensor =>
  scan(
    (x: Tensor) => {
      const r = right.sub(times(x));
      const t = times(r);
      const step = r.mul(t).sum().div(t.mul(t).sum().add(1e-300));
      return [x.add(r.mul(step)), undefined];
    },
    np.zerosLike(right),
    null,
    80,
  )[0];

const solved = (a: Tensor, right: Tensor): Tensor =>
  lax.customLinearSolve((v: Tensor) => np.matmul(a, v), right, richardson);
const exact = (a: Tensor, right: Tensor): Tensor => linalg.solve(a, right);

function expectClose(a: Tensor, c: Tensor, tolerance = 1e-10): void {
  expect(a.shape).toEqual(c.shape);
  expect(Math.max(...a.sub(c).data.map(Math.abs))).toBeLessThan(tolerance);
}

describe("lax.customLinearSolve", () => {
  test("solves, and its derivatives are those of linalg.solve", () => {
    expectClose(solved(A, b), exact(A, b));
    const loss = (solver: typeof solved) => (a: Tensor, right: Tensor) => {
      const x = solver(a, right);
      return x.mul(x).mul(x).sum();
    };
    for (const place of [0, 1]) {
      expectClose(jit(grad(loss(solved), place))(A, b) as Tensor, grad(loss(exact), place)(A, b) as Tensor);
    }
    const [dA, db] = [f64([[1, 0, 2], [0, 1, -1], [3, 1, 1]]), f64([1, -1, 2])]; // prettier-ignore
    expectClose(jvp(solved, [A, b], [dA, db])[1], jvp(exact, [A, b], [dA, db])[1]);
    expectClose(jacobian((v) => solved(A, v))(b), linalg.inv(A));
    const second = (solver: typeof solved) =>
      hessian((v: Tensor) => loss(solver)(A.add(np.outer(v, v)), b.add(v)));
    expectClose(second(solved)(f64([0.1, 0.2, -0.1])), second(exact)(f64([0.1, 0.2, -0.1])), 1e-8);
  });

  test("maps over the matrix, the right side, or both, with derivatives", { tags: ["long"] }, () => {
    const many = np.stack([A, A.mul(2), A.add(np.eye(3, { dtype: "float64" }))]);
    const rights = f64([[1, 2, 3], [0, 1, 0], [2, -1, 1]]); // prettier-ignore
    for (const axes of [
      [0, 0],
      [0, null],
      [null, 0],
    ] as const) {
      const [a, right] = [axes[0] === 0 ? many : A, axes[1] === 0 ? rights : b];
      const run = (solver: typeof solved) => (m: Tensor, r: Tensor) => vmap(solver, axes)(m, r);
      expectClose(run(solved)(a, right), run(exact)(a, right));
      for (const place of [0, 1]) {
        const slope = (solver: typeof solved) =>
          grad((m: Tensor, r: Tensor) => run(solver)(m, r).mul(run(solver)(m, r)).sum(), place)(a, right);
        expectClose(slope(solved) as Tensor, slope(exact) as Tensor);
      }
    }
  });

  test("solves for trees, within loops, symmetric where it is", () => {
    const scale = f64(3);
    const run = (s: Tensor) =>
      scan(
        (x: { u: Tensor; v: Tensor }) => [
          lax.customLinearSolve(
            ({ u, v }: { u: Tensor; v: Tensor }) => ({ u: u.mul(s).add(v), v: u.add(v.mul(2)) }),
            x,
            // Directly: [s 1; 1 2].
            (times, { u, v }) => {
              const a = times({ u: f64(1), v: f64(0) }).u;
              const det = a.mul(2).sub(1);
              return { u: u.mul(2).sub(v).div(det), v: a.mul(v).sub(u).div(det) };
            },
            { isSymmetric: true },
          ),
          undefined,
        ],
        { u: f64(1), v: f64(1) },
        null,
        2,
      )[0].u;
    const by = (s: number) => {
      const det = 2 * s - 1;
      const [u, v] = [1 / det, (s - 1) / det];
      return (2 * u - v) / det;
    };
    expect(run(scale).item()).toBeCloseTo(by(3), 12);
    const h = 1e-6;
    expect(grad(run)(scale).item()).toBeCloseTo((by(3 + h) - by(3 - h)) / (2 * h), 8);
  });

  test("says what does not fit", () => {
    const solve = (_times: unknown, r: Tensor): Tensor => r;
    expect(() => lax.customLinearSolve((v: Tensor) => v.sum(), b, solve)).toThrow(ShapeError);
    expect(() => lax.customLinearSolve((v: Tensor) => v.sum(), b, solve)).toThrow(/lax.customLinearSolve: what matvec returned is .*, expected .*float64\[3\]/); // prettier-ignore
    expect(() =>
      lax.customLinearSolve(
        (v: Tensor) => v,
        b,
        () => f64(1),
      ),
    ).toThrow(/what solve returned/);
    expect(() => lax.customLinearSolve((v: Tensor) => v, b, solve)).toThrow(/solve does not use its first argument/); // prettier-ignore
  });

  test("refuses a matvec that is not linear, whose system would be another one", () => {
    const half = (times: (v: Tensor) => Tensor, r: Tensor): Tensor => times(r).mul(0).add(r).div(2);
    const solve = (matvec: (v: Tensor) => Tensor) => (): unknown => lax.customLinearSolve(matvec, b, half);
    const hidden = np.array([0, 1, 0], { dtype: "float64" });
    for (const affine of [(v: Tensor) => v.mul(2).add(1), (v: Tensor) => v.mul(2).sub(hidden)])
      expect(solve(affine)).toThrow(/matvec must be linear.*It is not 0 where its argument is 0: it adds something/); // prettier-ignore
    expect(solve(() => f64([1, 2, 3]))).toThrow(/It does not depend on its argument \(constant\)/);
    expect(solve((v) => v.mul(v))).toThrow(/It multiplies its argument with itself/);
    expect(solve((v) => np.exp(v) as Tensor)).toThrow(/It applies exp to its argument/);
    expect(solve((v) => np.where(v.greater(0), v, v.mul(2)))).toThrow(/applies (compare|where) to/);
    expect(() => grad((r: Tensor) => lax.customLinearSolve((v: Tensor) => v.add(1), r, half).sum())(b)).toThrow(/matvec must be linear/); // prettier-ignore
    // Linear, whatever it is made of.
    const masked = np.array([1, 0, 1]).greater(0);
    const linear: ((v: Tensor) => Tensor)[] = [
      (v) => np.where(masked, v, 0).add(v.add(np.zeros([3], { dtype: "float64" }))),
      (v) => np.concatenate([np.zeros([1], { dtype: "float64" }), v.slice([0, 2])]).add(v),
      (v) => scan((x: Tensor) => [x.mul(0.5).add(v), undefined], np.zerosLike(v), null, 3)[0],
      (v) => jvp((x: Tensor) => np.tanh(x.mul(x)) as Tensor, [b], [v])[1],
      (v) => grad((x: Tensor) => np.exp(x.mul(b)).mul(v).sum())(b),
      (v) => linalg.solve(A, v),
    ];
    for (const matvec of linear) expect(solve(matvec)).not.toThrow();
  });

  test("refuses isSymmetric of a matrix that is not", () => {
    const run = (a: Tensor) => (): unknown =>
      lax.customLinearSolve((v: Tensor) => np.matmul(a, v), b, richardson, { isSymmetric: true });
    expect(run(A)).toThrow(/isSymmetric must be false: for two vectors .* Leave isSymmetric out/);
    expect(run(A.add(A.transpose()))).not.toThrow();
    expect(run(A.add(A.transpose()).astype("float64").mul(1e-30))).not.toThrow();
  });
});

test("a matrix in place of its products, and no function that solves", () => {
  const A = np.eye(2);
  const b = np.ones([2]);
  expect(() => lax.customLinearSolve(A as never, b, (_, r) => r)).toThrow(
    /lax.customLinearSolve: matvec must be a function, got .*Of a matrix A write \(v\) => np.matmul\(A, v\)/,
  );
  expect(() => lax.customLinearSolve((v: typeof b) => v, b, A as never)).toThrow(/solve must be a function/);
});
