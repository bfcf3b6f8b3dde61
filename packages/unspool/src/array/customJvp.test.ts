import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, customJvp, grad, hessian, jit, jvp, np, scan, valueAndGrad, vmap } from "./index.ts";

const f64 = (values: number | number[] | number[][]) => np.array(values, { dtype: "float64" });

/** x³ whose rule says 2 x²: not its derivative, so that it shows which of the two was used. */
const odd = customJvp(
  (x: Tensor) => x.mul(x).mul(x),
  ([x], [dx]) => x.mul(x).mul(2).mul(dx),
);

describe("customJvp", () => {
  test("gives the value, and the rule's derivative in every mode", () => {
    const x = f64([1, 2, 3]);
    expect(odd(x).toArray()).toEqual([1, 8, 27]);
    expect(jvp(odd, [x], [f64([1, 10, 100])])[1].toArray()).toEqual([2, 80, 1800]);
    expect(jit(grad((v: Tensor) => odd(v).sum()))(x).toArray()).toEqual([2, 8, 18]);
    expect(vmap(grad((v: Tensor) => odd(v)))(x).toArray()).toEqual([2, 8, 18]);
    expect(grad((v: Tensor) => vmap(odd)(v).sum())(x).toArray()).toEqual([2, 8, 18]);
    const [value, slope] = valueAndGrad((v: Tensor) => odd(v.mul(2)).sum())(x);
    expect([value.item(), slope.toArray()]).toEqual([288, [16, 64, 144]]);
  });

  test("further derivatives are those of the rule", () => {
    expect(grad(grad((x: Tensor) => odd(x)))(f64(3)).item()).toBe(12);
    expect(jvp(grad((x: Tensor) => odd(x)), [f64(3)], [f64(1)])[1].item()).toBe(12); // prettier-ignore
    expect(hessian((x: Tensor) => odd(x).sum())(f64([1, 2])).toArray()).toEqual([
      [4, 0],
      [0, 8],
    ]);
  });

  test("is given the value, whose derivative is the rule's again", () => {
    const exp = customJvp(
      (x: Tensor) => np.exp(x),
      (_x, [dx], y) => y.mul(dx),
    );
    const d3 = grad(grad(grad((x: Tensor) => exp(x))))(f64(0.5)).item();
    expect(Math.abs(d3 - Math.exp(0.5))).toBeLessThan(1e-14);
  });

  test("takes trees and whole numbers, and holds in a mapped loop", () => {
    const power = customJvp(
      ({ x }: { x: Tensor }, n: Tensor) => ({ y: np.power(x, n.astype("float64")), n }),
      ([{ x }, n], [dx]) => {
        const m = n.astype("float64");
        return { y: m.mul(np.power(x, m.sub(1))).mul(dx.x), n };
      },
    );
    const three = np.array(3, { dtype: "int32" });
    const run = (h: Tensor) => scan((g: Tensor) => [power({ x: g }, three).y.mul(0.5), undefined], h, null, 2)[0]; // prettier-ignore
    // h⁹ / 16.
    const slopes = jit(vmap(grad(run)))(f64([1, 1.5])).toArray() as number[];
    expect(slopes[0]).toBeCloseTo(9 / 16, 12);
    expect(slopes[1]).toBeCloseTo((9 * 1.5 ** 8) / 16, 11);
    expect(jvp(run, [f64(1.5)], [f64(2)])[1].item()).toBeCloseTo((18 * 1.5 ** 8) / 16, 11);
  });

  test("says what does not fit", () => {
    const wrong = customJvp((x: Tensor) => x, (_x, [dx]) => dx.sum()); // prettier-ignore
    expect(() => wrong(f64([1, 2]))).toThrow("customJvp: the tangent is float64[], expected float64[2]");
    const run = (x: Tensor) => {
      const y = x.mul(2);
      return customJvp((z: Tensor) => z.mul(y), (_z, [dz]) => dz.mul(y))(x).sum(); // prettier-ignore
    };
    expect(() => grad(run)(f64([1]))).toThrow(ShapeError);
    const endless: (x: Tensor) => Tensor = customJvp((x: Tensor) => x, ([x], [dx]) => endless(x).mul(dx)); // prettier-ignore
    expect(() => endless(f64(1))).toThrow(/The rule is given the value as its third argument/);
    expect(() => customJvp((x: Tensor) => x, undefined as never)).toThrow(/must be a function of primals, tangents and value/); // prettier-ignore
  });

  test("reverse mode refuses a rule that is not linear in the tangents, also where the difference is only a sum", () => {
    const rule = (tangent: (x: Tensor, dx: Tensor) => Tensor) => customJvp((x: Tensor) => x.mul(x).sum(), ([x], [dx]) => tangent(x, dx)); // prettier-ignore
    const at = f64([1, 2]);
    const affine = rule((x, dx) => x.mul(dx).sum().add(1));
    // As it is written, in the mode that it is written for.
    expect(jvp(affine, [at], [at])[1].item()).toBe(6);
    const inLoop = (x: Tensor): Tensor => scan((c: Tensor) => [c.mul(affine(x)), undefined], f64(1), null, 2)[0]; // prettier-ignore
    for (const fn of [affine, inLoop, (x: Tensor) => jit(affine)(x)])
      expect(() => grad(fn)(at)).toThrow(/^customJvp: reverse mode .* is not 0 where the tangent is 0: it adds something/); // prettier-ignore
    expect(() => grad(rule((x) => x.sum()))(at)).toThrow(/this one does not depend on the tangent/);
    expect(() => grad(rule((_x, dx) => (np.sin(dx) as Tensor).sum()))(at)).toThrow(/this one applies sin to the tangent/); // prettier-ignore
    expect(() => hessian(rule((_x, dx) => dx.mul(dx).sum()))(at)).toThrow(/multiplies the tangent with itself/); // prettier-ignore
    expect(() => grad(rule((_x, dx) => np.max(dx) as Tensor))(at)).toThrow(/this one applies/);
  });

  test("its errors bear the name that it is given", () => {
    const twice = (x: Tensor) => x.mul(2);
    const wrong: ([x]: [Tensor], [dx]: [Tensor]) => Tensor = (_x, [dx]) => dx.sum();
    expect(() => customJvp(twice, wrong)(f64([1, 2]))).toThrow(/^customJvp\(twice\): the tangent is/);
    expect(() => customJvp(twice, wrong, { name: "doubled" })(f64([1, 2]))).toThrow(/^doubled: the tangent is/); // prettier-ignore
    expect(() => customJvp(undefined as never, wrong)).toThrow(/^customJvp: fn must be a function/);
  });
});
