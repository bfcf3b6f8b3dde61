/** Transformations alone: trees, shared axes, retracing, constants, unusual functions, errors and leaks. */
import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, customVjp, grad, jacobian, hessian, jit, jvp, makeJaxpr, nn, np, random, valueAndGrad, vjp, vmap } from "./index.ts"; // prettier-ignore

const f64 = (values: number | number[] | number[][]) => np.array(values, { dtype: "float64" });

describe("trees, shared axes and scalars", () => {
  const tree = { w: f64([1, 2]), layers: [{ b: f64(3) }, { b: f64([[4]]) }] as const };
  const loss = (t: typeof tree, scale: Tensor) =>
    t.w.mul(t.w).sum().mul(scale).add(t.layers[0].b.mul(t.layers[1].b).sum());

  test("gradients have the tree of the first argument", () => {
    // d/dw = 2 scale w; the two b are each other's derivative.
    const gradient = grad(loss)(tree, f64(0.5));
    expect(gradient.w.toArray()).toEqual([1, 2]);
    expect(gradient.layers[0].b.item()).toBe(4);
    expect(gradient.layers[1].b.toArray()).toEqual([[3]]);
  });

  test("vmap shares an argument whose axis is null, and maps trees", () => {
    const scaled = vmap((x: { a: Tensor }, s: Tensor) => ({ out: x.a.mul(s), same: s }), [0, null]);
    const result = scaled({ a: f64([1, 2, 3]) }, f64(10));
    expect(result.out.toArray()).toEqual([10, 20, 30]);
    expect(result.same.toArray()).toEqual([10, 10, 10]);
  });

  test("plain numbers and weak scalars take the dtype that they meet", () => {
    const half = jit((x: Tensor) => x.mul(0.1));
    expect(half(f64(3)).item()).toBe(3 * 0.1);
    expect(half(np.array([3])).dtype).toBe("float32");
    expect(jit((x: Tensor, y: Tensor) => x.mul(y))(f64(3), np.array(0.5)).dtype).toBe("float64");
    expect(grad((x: number | Tensor) => (x as Tensor).mul(x))(3).item()).toBe(6);
  });

  test("jvp and vjp are adjoint: <u, J v> = <J' u, v>", () => {
    const f = (x: Tensor) => np.tanh(x).mul(x).sum(0).add(np.exp(x));
    const [x, v, u] = [f64([0.3, -0.7]), f64([1, 0.5]), f64([-2, 0.25])];
    const [value, tangent] = jvp(f, [x], [v]);
    const [same, [cotangent]] = vjp(f, [x], u);
    expect(value.toArray()).toEqual(same.toArray());
    const left = u.mul(tangent).sum().item();
    expect(Math.abs(left - cotangent.mul(v).sum().item())).toBeLessThan(1e-14);
  });

  test("jacobian and hessian of x0² x1 and its gradient", () => {
    const g = (x: Tensor) => np.stack([x.slice(0).mul(x.slice(0)).mul(x.slice(1)), x.slice(1)]);
    const x = f64([3, 5]);
    expect(jacobian(g)(x).toArray()).toEqual([
      [30, 9],
      [0, 1],
    ]);
    expect(hessian((y: Tensor) => g(y).slice(0))(x).toArray()).toEqual([
      [10, 6],
      [6, 0],
    ]);
  });

  test("customVjp replaces the derivative, also under vmap and jit", () => {
    const clipped = customVjp((x: Tensor) => [x.mul(x), x], (x, cotangent) => [nn.hardTanh(x).mul(cotangent)]); // prettier-ignore
    expect(clipped(f64(3)).item()).toBe(9);
    expect(grad(clipped)(f64(3)).item()).toBe(1);
    expect(jit(vmap(grad(clipped)))(f64([-3, 0.5])).toArray()).toEqual([-1, 0.5]);
  });
});

describe("tracing", () => {
  test("jit traces once per shape, dtype and structure", () => {
    let calls = 0;
    const f = jit((x: Tensor) => (calls++, x.add(1)));
    f(np.array([1, 2]));
    const once = calls;
    f(np.array([5, 6]));
    expect(calls).toBe(once);
    expect(f(np.array([5, 6, 7])).toArray()).toEqual([6, 7, 8]);
    expect(calls).toBe(2 * once);
    expect(f(f64([5, 6])).dtype).toBe("float64");
    expect(calls).toBe(3 * once);
  });

  test("constants from outside: tensors, typed arrays made inside, and the same one twice", () => {
    const outside = f64([1, 2]);
    const f = (x: Tensor) =>
      x
        .mul(outside)
        .add(outside)
        .add(np.array([10, 20]))
        .sum();
    expect(jit(f)(f64([3, 4])).item()).toBe(3 + 8 + 3 + 30);
    expect(grad(f)(f64([3, 4])).toArray()).toEqual([1, 2]);
  });

  test("functions that ignore, return or repeat their argument, or return constants", () => {
    const x = f64([1, 2]);
    const odd = (a: Tensor, b: Tensor) => ({ same: a, again: a, constant: np.ones([2]), one: f64(1), b });
    for (const result of [jit(odd)(x, f64(7)), odd(x, f64(7))]) {
      expect(result.same.toArray()).toEqual([1, 2]);
      expect(result.again.toArray()).toEqual([1, 2]);
      expect(result.constant.toArray()).toEqual([1, 1]);
      expect([result.one.item(), result.b.item()]).toEqual([1, 7]);
    }
    expect(grad((a: Tensor, b: Tensor) => b.mul(1))(f64(3), f64(2)).item()).toBe(0);
    expect(grad((a: Tensor) => a)(f64(3)).item()).toBe(1);
    expect(grad((_a: Tensor) => f64(4))(f64(3)).item()).toBe(0);
    expect(vmap((a: Tensor) => [a, a, np.zeros([])] as const)(x)[2].toArray()).toEqual([0, 0]);
    expect(vjp((a: Tensor) => [a, a.mul(2), a] as const, [x], [x, x, x] as const)[1][0].toArray()).toEqual([
      4, 8,
    ]);
    expect(jvp((a: Tensor) => [a, np.ones([2])] as const, [x], [x])[1][1].toArray()).toEqual([0, 0]);
  });

  test("random keys and branches by np.where work inside every transformation", () => {
    const draw = (key: Tensor) => random.uniform(random.foldIn(key, "noise"), [3]);
    const keys = random.split(random.key(1), 2);
    const each = [0, 1].map((i) => draw(keys.slice(i)).toArray());
    expect(vmap(draw)(keys).toArray()).toEqual(each);
    expect(jit(vmap(draw))(keys).toArray()).toEqual(each);
  });

  test("makeJaxpr shows the program and the shape of its result", () => {
    const { jaxpr, output } = makeJaxpr((x: Tensor) => ({ y: x.add(1) }), [np.zeros([2, 3])]);
    expect(String(jaxpr.jaxpr)).toContain("add");
    expect(String((output as { y: Tensor }).y)).toBe("traced float32[2,3]");
    jaxpr.dispose();
  });
});

describe("mistakes", () => {
  const x = f64([1, 2]);
  const broken = (y: Tensor): Tensor => {
    y.mul(2).sum();
    throw new RangeError("from the user");
  };
  const transformed: [string, () => unknown][] = [
    ["jit", () => jit(broken)(x)],
    ["grad", () => grad(broken)(x)],
    ["vmap", () => vmap(broken)(x)],
    ["jvp", () => jvp(broken, [x], [x])],
    ["vjp", () => vjp(broken, [x], x)],
    ["jacobian", () => jacobian(broken)(x)],
    ["hessian", () => hessian(broken)(x)],
    ["jit of vmap of grad", () => jit(vmap(grad(broken)))(x)],
    ["grad of grad", () => grad((y: Tensor) => grad(broken)(y).sum())(x)],
  ];
  test.each(transformed)("an error thrown inside %s passes, and the next call works", (_name, run) => {
    expect(run).toThrow("from the user");
    expect(grad((y: Tensor) => y.mul(y).sum())(x).toArray()).toEqual([2, 4]);
    expect(jit(vmap(grad((y: Tensor) => np.exp(y).sub(y))))(f64([0])).toArray()).toEqual([0]);
    expect(x.add(1).toArray()).toEqual([2, 3]);
  });

  test("a traced tensor that leaves its trace is named as the mistake", () => {
    let kept: Tensor | undefined;
    grad((y: Tensor) => (kept = y).sum())(x);
    expect(() => kept!.add(1)).toThrow(ShapeError);
    expect(() => kept!.add(1)).toThrow(/float64\[2\] was kept from an earlier trace and used outside of it/);
    expect(() => jit((y: Tensor) => y.add(kept!))(x)).toThrow("was kept from an earlier trace");
    expect(x.add(1).toArray()).toEqual([2, 3]);
  });

  test("reading elements inside a trace is named as the mistake", () => {
    const reads = [(y: Tensor) => y.data, (y: Tensor) => y.slice(0).item(), (y: Tensor) => y.toArray()];
    for (const read of reads) {
      const branch = (y: Tensor) => (read(y) ? y.sum() : y.sum());
      expect(() => jit(branch)(x)).toThrow(/the elements of a traced float64.* are not known inside jit/);
    }
  });

  test("grad wants one scalar", () => {
    expect(() => grad((y: Tensor) => y)(x)).toThrow("grad: the function must return one scalar tensor, got traced float64[2]. Sum or average it."); // prettier-ignore
    expect(() => valueAndGrad((y: Tensor) => [y.sum(), y.sum()] as unknown as Tensor)(x)).toThrow(ShapeError);
    expect(() => jvp((y: Tensor) => y, [x], [f64([1])])).toThrow('jvp: tangents at "0" is float64[1], expected float64[2].'); // prettier-ignore
  });
});

test("vjp: results that do not depend on the arguments leave the cotangents of the others in place", () => {
  const seed = { a: np.array(1), constant: np.array(100), later: np.array(10) };
  const fn = (x: Tensor, offset: Tensor) => ({ a: x.mul(2), constant: offset.mul(offset), later: x.mul(3) });
  const pull = (x: Tensor, offset: Tensor) => vjp((y: Tensor) => fn(y, offset), [x], seed);
  for (const run of [pull, jit(pull as never) as unknown as typeof pull]) {
    const [value, [cotangent]] = run(np.array(5), np.array(4));
    // By hand: 2 · 1 + 3 · 10.
    expect(cotangent.item()).toBe(32);
    expect([value.a.item(), value.constant.item(), value.later.item()]).toEqual([10, 16, 15]);
  }
  const [, [nothing]] = vjp((_x: Tensor) => ({ b: np.array(3) }), [np.array(1)], { b: np.array(1) });
  expect(nothing.item()).toBe(0);
});

test("the second derivative of sinh(sinh x), forward over reverse, ends (it took all memory)", () => {
  // With s = sinh x, c = cosh x: sinh(s) c² + cosh(s) s.
  const second = (x: number): number => {
    const [s, c] = [Math.sinh(x), Math.cosh(x)];
    return Math.sinh(s) * c * c + Math.cosh(s) * s;
  };
  const f = (x: Tensor) => (np.sinh(np.sinh(x)) as Tensor).sum();
  const points = [0.3, -0.7, 1.1];
  const slope = jvp((x: Tensor) => grad(f)(x), [np.array(points)], [np.ones([3])])[1];
  slope.data.forEach((value, i) => expect(value).toBeCloseTo(second(points[i]!), 4));
});

test("a gradient has derivatives by the arguments that it is not taken of (they were 0)", () => {
  // f = (x y)² / 2:  ∂f/∂x = x y²,  ∂²f/∂x∂y = 2 x y.
  const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).mul(x.mul(y)).mul(0.5);
  const [x, y, one] = [np.array(3), np.array(2), np.array(1)];
  const slope = grad(f);
  expect(jvp((at: Tensor) => slope(x, at), [y], [one])[1].item()).toBe(12);
  expect(grad((at: Tensor) => slope(x, at))(y).item()).toBe(12);
  expect(jvp((at: Tensor) => grad(f, 1)(at, y), [x], [one])[1].item()).toBe(12);
  expect(
    jit((at: Tensor) => jvp((now: Tensor) => valueAndGrad(f)(x, now)[1], [at], [one])[1])(y).item(),
  ).toBe(12);
});

test("jvp and vjp of a tensor in place of a list: its rows would be the arguments", () => {
  const square = (x: Tensor) => x.mul(x);
  const x = np.array([3, 4], { dtype: "float64" });
  expect(() => vjp(square, x as never, np.array(1))).toThrow(
    /^vjp: primals must be a list with an entry for each argument, got .*Write \[x\]/,
  );
  expect(() => jvp(square, x as never, [x])).toThrow(/^jvp: primals must be a list/);
  expect(() => jvp(square, [x], x as never)).toThrow(/^jvp: tangents must be a list/);
});
