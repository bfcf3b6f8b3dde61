import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, customVjp, grad, hessian, jacobian, jit, jvp, np, scan, tree, valueAndGrad, vjp, vmap } from "./index.ts"; // prettier-ignore

const f64 = (values: number | number[] | number[][]) => np.array(values, { dtype: "float64" });

/** x³ whose rule says 2 x²: not its derivative, so that it shows which of the two was used. */
const odd = customVjp(
  (x: Tensor) => [x.mul(x).mul(x), { x }],
  ({ x }, cotangent) => [x.mul(x).mul(2).mul(cotangent)],
);

describe("customVjp", () => {
  test("gives the value, and the rule's gradient in every mode", () => {
    const x = f64([1, 2, 3]);
    const sum = (v: Tensor) => odd(v).sum();
    expect(odd(x).toArray()).toEqual([1, 8, 27]);
    expect(grad(sum)(x).toArray()).toEqual([2, 8, 18]);
    expect(jit(grad(sum))(x).toArray()).toEqual([2, 8, 18]);
    expect(vmap(grad((v: Tensor) => odd(v)))(x).toArray()).toEqual([2, 8, 18]);
    expect(grad((v: Tensor) => vmap(odd)(v).sum())(x).toArray()).toEqual([2, 8, 18]);
    expect(jvp(odd, [x], [f64([1, 10, 100])])[1].toArray()).toEqual([2, 80, 1800]);
    expect(jit((v: Tensor) => jvp(odd, [v], [f64([1, 10, 100])])[1])(x).toArray()).toEqual([2, 80, 1800]);
    expect(jacobian(odd)(f64([1, 2])).toArray()).toEqual([
      [2, 0],
      [0, 8],
    ]);
    expect(vjp(odd, [x], f64([1, 10, 100]))[1][0].toArray()).toEqual([2, 80, 1800]);
    const [value, slope] = valueAndGrad((v: Tensor) => odd(v.mul(2)).sum())(x);
    expect([value.item(), slope.toArray()]).toEqual([288, [16, 64, 144]]);
  });

  test("further derivatives are those of the rule", () => {
    // 2 x² has the derivative 4 x, and that 4.
    const single = (x: Tensor) => odd(x);
    expect(grad(grad(single))(f64(3)).item()).toBe(12);
    expect(grad(grad(grad(single)))(f64(3)).item()).toBe(4);
    expect(jvp(grad(single), [f64(3)], [f64(1)])[1].item()).toBe(12);
    expect(grad((x: Tensor) => jvp(odd, [x], [f64(1)])[1])(f64(3)).item()).toBe(12);
    expect(hessian((x: Tensor) => odd(x).sum())(f64([1, 2])).toArray()).toEqual([
      [4, 0],
      [0, 8],
    ]);
    // The value beside its gradient: both move by the rule. d(x³ + 2 x²) = 2 x² + 4 x.
    const both = (x: Tensor) => single(x).add(grad(single)(x));
    expect(grad(both)(f64(3)).item()).toBe(18 + 12);
    expect(jvp(both, [f64(3)], [f64(1)])[1].item()).toBe(18 + 12);
  });

  test("a residual that is the value has the derivative of the value", () => {
    // exp by its own value: all derivatives are exp.
    const exp = customVjp(
      (x: Tensor) => {
        const y = np.exp(x);
        return [y, y];
      },
      (y, cotangent) => [y.mul(cotangent)],
    );
    const d3 = grad(grad(grad((x: Tensor) => exp(x))))(f64(0.5)).item();
    expect(Math.abs(d3 - Math.exp(0.5))).toBeLessThan(1e-14);
  });

  test("takes and gives trees, with whole numbers and arguments without a cotangent", () => {
    interface Layer {
      w: Tensor;
      b: Tensor;
    }
    const layer = customVjp(
      ({ w, b }: Layer, x: Tensor, k: Tensor) => [
        { y: np.matmul(x, w).add(b).mul(k.astype("float64")), k },
        { w, x },
      ],
      ({ w, x }, cotangent) => [
        { w: np.matmul(x.transpose(), cotangent.y).mul(3), b: cotangent.y.sum(0).mul(5) },
        np.matmul(cotangent.y, w.transpose()).mul(7),
        null,
      ],
    );
    const params = { w: f64([[1, 2], [3, 4]]), b: f64([1, 1]) }; // prettier-ignore
    const x = f64([[1, 0], [0, 1], [1, 1]]); // prettier-ignore
    const loss = (p: Layer, v: Tensor) => layer(p, v, np.array([2, 2], { dtype: "int32" })).y.sum();
    expect(loss(params, x).item()).toBe(2 * (20 + 6));
    const gradient = grad(loss)(params, x);
    expect(gradient.w.toArray()).toEqual([[6, 6], [6, 6]]); // prettier-ignore
    expect(gradient.b.toArray()).toEqual([15, 15]);
    expect((grad(loss, 1)(params, x) as Tensor).toArray()).toEqual([[21, 49], [21, 49], [21, 49]]); // prettier-ignore
    // Mapped over x only: the cotangents of the shared parameters are sums.
    const each = (p: Layer) => vmap(loss, [null, 0])(p, x.reshape([3, 1, 2])).sum();
    const mapped = jit(grad(each))(params);
    expect(tree.leaves(mapped).map((leaf) => leaf.toArray())).toEqual([[15, 15], [[6, 6], [6, 6]]]); // prettier-ignore
  });

  test("null is a cotangent of 0, also for what is differentiated", () => {
    const product = customVjp(
      (x: Tensor, y: Tensor) => [x.mul(y), y],
      (y, cotangent) => [cotangent.mul(y), null],
    );
    const square = (s: Tensor) => product(s, s);
    for (const make of [grad, (fn: typeof square) => jit(grad(fn))])
      expect((make(square) as typeof square)(f64(3)).item()).toBe(3);
    expect(jvp(square, [f64(3)], [f64(1)])[1].item()).toBe(3);
    expect(vmap(grad(square))(f64([3, 4])).toArray()).toEqual([3, 4]);
    expect(grad(product, [0, 1])(f64(3), f64(4)).map((x) => x.item())).toEqual([4, 0]);
    expect((grad(product, 1)(f64(3), f64(4)) as Tensor).item()).toBe(0);
    const still = customVjp(
      ({ a, b }: { a: Tensor; b: Tensor }) => [a.mul(b), null],
      (_residual, _cotangent) => [null],
    );
    const trees = grad((at: { a: Tensor; b: Tensor }) => still(at).sum())({ a: f64([1, 2]), b: f64([3, 4]) });
    expect([trees.a.toArray(), trees.b.toArray()]).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });

  test("holds in a loop, in both modes, and mapped", () => {
    const run = (h: Tensor) => scan((g: Tensor, x: Tensor) => [odd(g).mul(x), g], h, f64([0.5, 0.25]))[0];
    // By the rule: d/dh of odd(odd(h) / 2) / 4.
    const by = (h: number) => 2 * (h ** 3 / 2) ** 2 * 0.25 * (2 * h ** 2 * 0.5);
    expect(grad(run)(f64(1.5)).item()).toBeCloseTo(by(1.5), 12);
    expect(jvp(run, [f64(1.5)], [f64(1)])[1].item()).toBeCloseTo(by(1.5), 12);
    const slopes = vmap(grad(run))(f64([1.5, 0.5])).toArray() as number[];
    expect(slopes[0]).toBeCloseTo(by(1.5), 12);
    expect(slopes[1]).toBeCloseTo(by(0.5), 12);
    // The second derivative by the rule: with g = h³ / 2 and g' = h², that of g² h² / 2 is g h⁴ + g² h.
    expect(grad(grad(run))(f64(1.5)).item()).toBeCloseTo(0.75 * 1.5 ** 7, 12);
  });

  test("closes over what does not move; refuses what does", () => {
    const scale = f64(3);
    const run = (x: Tensor, s: Tensor) => {
      const scaled = customVjp(
        (y: Tensor) => [y.mul(s), null],
        (_r, cotangent) => [cotangent.mul(s).mul(10)],
      );
      return scaled(x).sum();
    };
    expect(jit(grad(run))(f64([1, 2]), scale).toArray()).toEqual([30, 30]);
    expect(() => grad(run, 1)(f64([1, 2]), scale)).toThrow(ShapeError);
    expect(() => grad((x: Tensor) => run(x, x.sum()))(f64([1, 2]))).toThrow(
      /closes over a value that is being differentiated/,
    );
  });

  test("a rule may not close over what moves either: further derivatives would lack it", () => {
    const run = (x: Tensor) => {
      const y = x.mul(2);
      return customVjp((z: Tensor) => [z.mul(3), null], (_r, c: Tensor) => [c.mul(y)])(x).sum(); // prettier-ignore
    };
    expect(() => grad(run)(f64([1]))).toThrow(/closes over a value that is being differentiated/);
  });

  test("says what does not fit", () => {
    const give = (result: unknown) =>
      customVjp((x: Tensor) => [x, null], (_r: null, _c: Tensor) => result as [Tensor]); // prettier-ignore
    expect(() => give([f64([1, 2, 3])])(f64([1, 2]))).toThrow(
      "customVjp: the cotangent of argument 1 is float64[3], expected float64[2]",
    );
    expect(() => give([undefined])(f64([1, 2]))).toThrow(
      /backward gave undefined for argument 1. Write null/,
    );
    expect(() => customVjp((x: Tensor) => [x, x], undefined as never)).toThrow(/backward must be a function/);
    expect(() => give(f64(1))(f64([1, 2]))).toThrow(/a list with a cotangent for each of the 1 arguments/);
    expect(() => customVjp((x: Tensor) => x as never, (_r, c: Tensor) => [c])(f64(1))).toThrow(/forward must return \[value, residual\]/); // prettier-ignore
    expect(() => customVjp((x: Tensor) => [x, x], (x: Tensor) => [x])).toThrow(/Write \(residual, cotangent\) =>/); // prettier-ignore
    const endless: (x: Tensor) => Tensor = customVjp(
      (x: Tensor) => [endless(x), null],
      (_r, c: Tensor) => [c],
    );
    expect(() => endless(f64(1))).toThrow(/a rule calls the function that it is for/);
    const clipped = customVjp((x: Tensor) => [x, null], (_r, c: Tensor) => [np.clip(c, -1, 1)]); // prettier-ignore
    expect(grad((x: Tensor) => clipped(x.mul(5)).sum())(f64([1])).toArray()).toEqual([5]);
    expect(() => jvp(clipped, [f64(1)], [f64(3)])).toThrow(/forward mode .* needs a backward rule/);
  });

  test("forward mode refuses a rule that is not linear in the cotangent, also where the difference is only a sum", () => {
    const rule = (backward: (x: Tensor, c: Tensor) => Tensor) => customVjp((x: Tensor) => [x.mul(x).sum(), x], (x: Tensor, c: Tensor) => [backward(x, c)]); // prettier-ignore
    const along = (fn: (x: Tensor) => Tensor) => (): unknown => jvp(fn, [f64([1, 2])], [f64([1, 1])]);
    const affine = rule((x, c) => x.mul(2).mul(c).add(1));
    expect(along(affine)).toThrow(/forward mode .* is not 0 where the cotangent is 0: it adds something/);
    expect(along(rule((x) => x.mul(2)))).toThrow(/forward mode .* does not depend on the cotangent/);
    // As it is written, in the mode that it is written for.
    expect(grad(affine)(f64([1, 2])).toArray()).toEqual([3, 5]);
    const squared = rule((x, c) => x.mul(c).mul(c));
    for (const second of [hessian, (fn: (x: Tensor) => Tensor) => jit(hessian(fn))])
      expect(() => second((x: Tensor) => squared(x).mul(squared(x)))(f64([1, 2]))).toThrow(
        /forward mode .*it multiplies the cotangent with itself.*grad of grad/,
      );
  });

  test("forward mode within reverse mode: of what reverse mode does not look at", () => {
    const double = customVjp((x: Tensor) => [x.mul(2), null], (_r, c: Tensor) => [c.mul(2)]); // prettier-ignore
    const looped = (y: Tensor): Tensor => scan((c: Tensor) => [double(c), undefined], y, null, 3)[0];
    const at = f64([1, 2]);
    expect(grad((x: Tensor) => jvp(double, [at], [at])[1].mul(x).sum())(at).toArray()).toEqual([2, 4]);
    expect(grad((x: Tensor) => jvp(looped, [at], [at])[1].mul(x).sum())(at).toArray()).toEqual([8, 16]);
    expect(hessian((x: Tensor) => looped(x.mul(x)).sum())(at).toArray()).toEqual([[16, 0], [0, 16]]); // prettier-ignore
  });

  test("its errors bear the name of the function", () => {
    const scaled = (x: Tensor) => customVjp(function scale(y: Tensor) { return [y.mul(x), null]; }, (_r, c: Tensor) => [c])(x).sum(); // prettier-ignore
    expect(() => grad(scaled)(f64([1]))).toThrow(/^customVjp\(scale\): the function closes over/);
    expect(() => customVjp(undefined as never, (_r, c: Tensor) => [c])).toThrow(/^customVjp: forward must be a function/); // prettier-ignore
  });

  test("a residual that is kept in a variable is refused, without the source of what refuses it", () => {
    let kept = f64(0);
    const rule = customVjp(
      (x: Tensor) => {
        kept = np.exp(x);
        return [x.mul(x), null];
      },
      (_residual, cotangent: Tensor) => [cotangent.mul(kept)],
    );
    const looped = (x: Tensor): Tensor => {
      scan((c: Tensor) => [(kept = c.mul(2)), undefined], x, null, 3);
      return kept.mul(x);
    };
    for (const run of [
      () => rule(f64(3)),
      () => grad((x: Tensor) => rule(x))(f64(3)),
      () => grad(looped)(f64(1)),
    ]) {
      expect(run).toThrow(ShapeError);
      expect(run).toThrow(/is used in another.*from forward of a customVjp as the residual/);
      expect(run).not.toThrow(/class|Tracer|trace/);
    }
  });
});
