/** Loops as one equation, against loops written out, closed forms and finite differences. */
import { describe, expect, test } from "vitest";
import { type Tensor, customVjp, grad, hessian, jacobian, jit, jvp, lax, makeJaxpr, np, random, scan, tree, valueAndGrad, vjp, vmap } from "./index.ts"; // prettier-ignore
import { expectClose } from "./testing/contract.ts";

const f64 = (values: number | number[] | number[][]) => np.array(values, { dtype: "float64" });
type Checkpoints = "all" | "sqrt" | { states: number };

/** A nonlinear step that uses everything: carry, row, number of the step, and w from outside. */
function step(w: Tensor, h: Tensor, x: Tensor, k: Tensor): Tensor {
  const z = h.mul(w).add(x).add(k.astype("float64").mul(0.01));
  return z.sub(z.mul(z).mul(0.25));
}

/** Last state plus the sum of squares of all of them. */
function looped(w: Tensor, start: Tensor, xs: Tensor, checkpoints: Checkpoints = "all"): Tensor {
  const body = (h: Tensor, x: Tensor, k: Tensor): [Tensor, Tensor] => {
    const next = step(w, h, x, k);
    return [next, next.mul(next)];
  };
  const [last, squares] = scan(body, start, xs, { checkpoints });
  return last.add(squares.sum());
}

function unrolled(w: Tensor, start: Tensor, xs: Tensor): Tensor {
  let h = start;
  let sum = f64(0);
  for (let i = 0; i < xs.shape[0]!; i++) {
    h = step(w, h, xs.slice(i), np.array(i, { dtype: "int32" }));
    sum = sum.add(h.mul(h));
  }
  return h.add(sum);
}

const w = f64(0.8);
const start = f64(0.1);
const xs = f64([0.3, -0.2, 0.5, 0.7, -0.1]);
const few = f64([0.3, -0.2, 0.5]);

describe("values", () => {
  test("running sums and products of a tree, eager and inside jit", () => {
    const walk = (rows: { a: Tensor; b: Tensor[] }) =>
      scan(
        (carry: { sum: Tensor; product: Tensor }, x: { a: Tensor; b: Tensor[] }) => {
          const next = { sum: carry.sum.add(x.b[0]!), product: carry.product.mul(x.a) };
          return [next, [next.product, { sums: next.sum }]];
        },
        { sum: f64([0, 0]), product: f64(1) },
        rows,
      );
    const rows = { a: f64([1, 2, 3]), b: [f64([[1, 10], [2, 20], [3, 30]])] }; // prettier-ignore
    for (const run of [walk, jit(walk)]) {
      const [last, [products, { sums }]] = run(rows) as ReturnType<typeof walk> & [unknown, [Tensor, { sums: Tensor }]]; // prettier-ignore
      expect(last.sum.toArray()).toEqual([6, 60]);
      expect(last.product.item()).toBe(6);
      expect(products.toArray()).toEqual([1, 2, 6]);
      expect(sums.toArray()).toEqual([[1, 10], [3, 30], [6, 60]]); // prettier-ignore
    }
  });

  test("the loop written out gives the same bits", () => {
    expect(looped(w, start, xs).item()).toBe(unrolled(w, start, xs).item());
    expect(jit(looped)(w, start, xs).item()).toBe(unrolled(w, start, xs).item());
  });

  test("without xs: Fibonacci's numbers with an integer carry and no y", () => {
    const int = (value: number) => np.array(value, { dtype: "int32" });
    const [[a], none] = scan(
      ([x, y]: Tensor[]) => [[y!, x!.add(y!)], undefined],
      [int(0), int(1)],
      undefined,
      { length: 30 },
    );
    expect([a!.item(), a!.dtype, none]).toEqual([832040, "int32", undefined]);
  });

  test("a loop over constants only inside jit, with a boolean carry", () => {
    const program = jit(
      () =>
        scan(
          (isOdd: Tensor, _x: undefined, k: Tensor) => [
            np.logicalNot(isOdd) as Tensor,
            isOdd.astype("int32").mul(k),
          ],
          np.array([false, true]),
          undefined,
          { length: 4 },
        )[1],
    );
    expect(program().toArray()).toEqual([[0, 0], [1, 0], [0, 2], [3, 0]]); // prettier-ignore
  });

  test("random draws by step equal those of a loop", () => {
    const key = random.key(7);
    const [, draws] = scan(
      (sum: Tensor, _x: undefined, k: Tensor) => [sum, random.normal(random.foldIn(key, k), [2])],
      f64(0),
      undefined,
      { length: 3 },
    );
    const wanted = [0, 1, 2].map((k) => random.normal(random.foldIn(key, k), [2]).toArray());
    expect(draws.toArray()).toEqual(wanted);
  });

  test("1,000 steps forward and in reverse: h' = a h + x at a = 0.999", () => {
    // h_n = a^n h_0 + sum of a^(n-1-i) x_i with x = 0, so d h_n / d a = n a^(n-1) h_0.
    const run = (a: Tensor) =>
      scan(
        (h: Tensor, x: Tensor) => [h.mul(a).add(x), undefined],
        f64(2),
        np.zeros([1000], { dtype: "float64" }),
      )[0];
    const [value, slope] = valueAndGrad(run)(f64(0.999));
    expectClose(value.data, [2 * 0.999 ** 1000], 1e-12);
    expectClose(slope.data, [2000 * 0.999 ** 999], 1e-12);
  });
});

describe("derivatives against the loop written out", () => {
  const policies: Checkpoints[] = ["all", "sqrt", { states: 1 }, { states: 2 }, { states: 4 }];

  test.each(policies)("gradients to what is closed over, the start and xs, checkpoints %o", (checkpoints) => {
    const seed = f64(1.5);
    const [, wanted] = vjp(unrolled, [w, start, xs], seed);
    const [, got] = vjp(
      (a: Tensor, b: Tensor, c: Tensor) => looped(a, b, c, checkpoints),
      [w, start, xs],
      seed,
    );
    expectClose(tree.flatten(got), tree.flatten(wanted), 1e-12);
  });

  test("forward mode", () => {
    const directions = [f64(1), f64(-0.5), f64([1, 2, 3, 4, 5])] as [Tensor, Tensor, Tensor];
    const wanted = jvp(unrolled, [w, start, xs], directions);
    expectClose(tree.flatten(jvp(looped, [w, start, xs], directions)), tree.flatten(wanted), 1e-12);
  });

  test.each(["all", "sqrt"] as const)(
    "second derivatives in every order of modes, checkpoints %s",
    { tags: ["long"] },
    (checkpoints) => {
      const f = (x: Tensor) => looped(x.slice(0), x.slice(1), few, checkpoints);
      const g = (x: Tensor) => unrolled(x.slice(0), x.slice(1), few);
      const at = f64([0.8, 0.1]);
      const wanted = hessian(g)(at).data;
      expectClose(hessian(f)(at).data, wanted, 1e-11);
      expectClose(jacobian((x: Tensor) => jacobian(f)(x))(at).data, wanted, 1e-11);
      const row = (i: number) => grad((x: Tensor) => grad(f)(x).slice(i))(at);
      expectClose([...row(0).data, ...row(1).data], wanted, 1e-11);
      const slope = (x: Tensor) => jvp(f, [x], [f64([1, 0])])[1];
      expectClose(grad(slope)(at).data, wanted.slice(0, 2), 1e-11);
    },
  );

  test("gradients through 300 nonlinear steps equal central differences", () => {
    const inputs = f64(Array.from({ length: 300 }, (_, i) => Math.sin(i)));
    const run = (theta: Tensor, checkpoints: Checkpoints) =>
      scan(
        (h: Tensor, x: Tensor) => {
          const z = h.mul(theta.slice(0)).add(theta.slice(1).mul(x));
          const next = z.div(z.mul(z).add(1));
          return [next, next.mul(x)];
        },
        f64(0.3),
        inputs,
        { checkpoints },
      )[1].mean();
    const theta = f64([0.9, 0.4]);
    const all = grad((t: Tensor) => run(t, "all"))(theta);
    const moved = (i: number, by: number) =>
      run(f64([0.9 + (i === 0 ? by : 0), 0.4 + (i === 1 ? by : 0)]), "all").item();
    const difference = (i: number) => (moved(i, 1e-5) - moved(i, -1e-5)) / 2e-5;
    expectClose(all.data, [difference(0), difference(1)], 1e-8);
    expectClose(grad((t: Tensor) => run(t, "sqrt"))(theta).data, all.data, 1e-12);
  });
});

describe("derivatives in closed form", () => {
  test("an integer counter in the carry has no tangent", () => {
    // h_n = product of (w + i) over i < 4, so the logarithmic derivative is the sum of 1 / (w + i).
    const run = (x: Tensor) =>
      scan(
        ({ h, i }: { h: Tensor; i: Tensor }) => [
          { h: h.mul(x.add(i.astype("float64"))), i: i.add(1) },
          undefined,
        ],
        { h: f64(1), i: np.array(0, { dtype: "int32" }) },
        undefined,
        { length: 4 },
      )[0].h;
    const wanted = 2 * 3 * 4 * 5 * (1 / 2 + 1 / 3 + 1 / 4 + 1 / 5);
    expectClose(grad(run)(f64(2)).data, [wanted], 1e-12);
    expectClose(jvp(run, [f64(2)], [f64(1)])[1].data, [wanted], 1e-12);
  });

  test.each(["all", "sqrt", { states: 2 }] as Checkpoints[])(
    "meta-gradient of gradient descent, checkpoints %o",
    (checkpoints) => {
      // On x²/2, x_n = (1 - r)^n x_0, so d(x_n²/2) / dr = -n (1 - r)^(2n - 1) x_0².
      const loss = (x: Tensor) => x.mul(x).mul(0.5);
      const after = (rate: Tensor) =>
        loss(
          scan((x: Tensor) => [x.sub(grad(loss)(x).mul(rate)), undefined], f64(3), undefined, {
            length: 20,
            checkpoints,
          })[0],
        );
      expectClose(grad(after)(f64(0.1)).data, [-20 * 0.9 ** 39 * 9], 1e-12);
    },
  );

  test.each(["all", "sqrt"] as Checkpoints[])("nested loops, checkpoints %s", (checkpoints) => {
    // Each of 3 outer steps multiplies by w 4 times and then adds 1: h = w^12 h_0 + w^8 + w^4 + 1.
    const run = (x: Tensor) =>
      scan(
        (h: Tensor) => {
          const inner = scan((g: Tensor) => [g.mul(x), g], h, undefined, { length: 4, checkpoints });
          return [inner[0].add(1), inner[1].slice(0)];
        },
        f64(2),
        undefined,
        { length: 3, checkpoints },
      )[0];
    const a = 0.9;
    const value = 2 * a ** 12 + a ** 8 + a ** 4 + 1;
    const slope = 24 * a ** 11 + 8 * a ** 7 + 4 * a ** 3;
    const curvature = 264 * a ** 10 + 56 * a ** 6 + 12 * a ** 2;
    expectClose(run(f64(a)).data, [value], 1e-12);
    expectClose(grad(run)(f64(a)).data, [slope], 1e-12);
    expectClose(jvp(run, [f64(a)], [f64(1)])[1].data, [slope], 1e-12);
    expectClose(hessian(run)(f64(a)).data, [curvature], 1e-11);
  });

  test("stopGradient and rules of one's own hold inside a step", () => {
    const doubled = customVjp(
      (x: Tensor) => [x, null],
      (_residual, cotangent) => [cotangent.mul(2)],
    );
    // h' = doubled(h) counts as slope 2, and h x with x stopped as slope x.
    const run = (h: Tensor) =>
      scan((g: Tensor, x: Tensor) => [doubled(g).mul(lax.stopGradient(x)), undefined], h, f64([3, 5]))[0];
    expect(grad(run)(f64(1)).item()).toBe(60);
  });

  test("a conversion between float types passes the gradient on", () => {
    const run = (x: Tensor) =>
      scan((h: Tensor) => [h.add(x.astype("float64").mul(0.5)), undefined], f64(0), undefined, {
        length: 4,
      })[0];
    const slope = grad(run)(np.array(1));
    expect([slope.item(), slope.dtype]).toEqual([2, "float32"]);
  });
});

describe("vmap", () => {
  const many = f64([0.8, 0.3, -0.4]);
  const each = Array.from(many.data, (value) => f64(value));

  test("over what is closed over, the start, and xs", () => {
    const wide = f64([[0.3, -0.2, 0.5], [0.1, 0.2, 0.4], [1, 0, -1]]); // prettier-ignore
    const rows = wide.toArray() as number[][];
    expectClose(vmap(looped, [0, null, null])(many, start, xs).data, each.map((a) => looped(a, start, xs).item()), 1e-15); // prettier-ignore
    expectClose(vmap(looped, [null, 0, null])(w, many, xs).data, each.map((a) => looped(w, a, xs).item()), 1e-15); // prettier-ignore
    expectClose(vmap(looped, [null, null, 0])(w, start, wide).data, rows.map((row) => looped(w, start, f64(row)).item()), 1e-15); // prettier-ignore
    expectClose(vmap(looped)(many, many, wide).data, rows.map((row, i) => looped(each[i]!, each[i]!, f64(row)).item()), 1e-15); // prettier-ignore
  });

  test("carries and ys that do not depend on what is mapped keep their values", () => {
    const run = (a: Tensor) =>
      scan(
        ([h, n]: [Tensor, Tensor]) =>
          [
            [h.add(a), n.add(1)],
            [h, n],
          ] as [[Tensor, Tensor], Tensor[]],
        [f64(0), f64(0)],
        undefined,
        { length: 2 },
      );
    const [[h, n], [hs, ns]] = vmap(run)(many) as [[Tensor, Tensor], [Tensor, Tensor]];
    expectClose(h.data, [1.6, 0.6, -0.8], 1e-15);
    expect([n.toArray(), hs.shape, ns.toArray()]).toEqual([[2, 2, 2], [3, 2], [[0, 1], [0, 1], [0, 1]]]); // prettier-ignore
  });

  test("of gradients, and gradients of it", () => {
    const wanted = each.map((a) => grad(looped)(a, start, xs).item());
    expectClose(vmap(grad(looped), [0, null, null])(many, start, xs).data, wanted, 1e-12);
    const total = (a: Tensor) => vmap(looped, [0, null, null])(a, start, xs).sum();
    expectClose(grad(total)(many).data, wanted, 1e-12);
  });
});

describe("the traced program", () => {
  interface Scan {
    rows: number[];
    params: { length: number; reverse: boolean };
  }
  const scansOf = (checkpoints: Checkpoints, length: number): Scan[] => {
    const inputs = np.zeros([length], { dtype: "float64" });
    const { jaxpr } = makeJaxpr(
      grad((a: Tensor) => looped(a, start, inputs, checkpoints)),
      [w],
    );
    return jaxpr.jaxpr.eqns
      .filter((equation) => (equation.primitive as string) === "scan")
      .map(({ params, outBinders }) => ({
        params: params as Scan["params"],
        rows: outBinders
          .slice((params as { numCarry: number }).numCarry)
          .map((binder) => binder.aval.shape[0]!),
      }));
  };

  test("reverse mode is one scan forward and one backward", () => {
    const [forward, backward, ...more] = scansOf("all", 100);
    expect([forward!.params.length, forward!.params.reverse, forward!.rows]).toEqual([100, false, [100]]);
    expect([backward!.params.length, backward!.params.reverse, backward!.rows]).toEqual([100, true, []]);
    expect(more).toEqual([]);
  });

  test.each([
    ["sqrt", 10],
    [{ states: 5 }, 5],
    [{ states: 30 }, 25],
  ] as [Checkpoints, number][])(
    // prettier-ignore
    "checkpoints %o of 100 steps keep %i carries between the loops",
    (checkpoints, states) => {
      const [forward] = scansOf(checkpoints, 100);
      expect([forward!.params.length, Math.max(...forward!.rows)]).toEqual([states, states]);
    },
  );

  test("an unread y is not computed, and what only it needs is not passed in", () => {
    const last = (a: Tensor, rows: Tensor) =>
      scan((h: Tensor, x: Tensor) => [h.mul(a), x.mul(h)], start, rows)[0];
    const { jaxpr } = makeJaxpr(last, [w, xs]);
    const [equation] = jaxpr.jaxpr.eqns;
    expect([equation!.inputs.length, equation!.outBinders.length]).toEqual([2, 1]);
  });
});

describe("errors", () => {
  test.each([
    [
      "the carry changes its shape",
      () => scan((c: { h: Tensor }) => [{ h: np.stack([c.h, c.h]) as Tensor }, undefined], { h: start }, xs),
      'scan: the carry that the step returned at "h" is float64[2], expected float64[].',
    ],
    [
      "the carry changes its dtype",
      () => scan((h: Tensor, x: Tensor) => [h.add(x), undefined], np.array(0), xs),
      "scan: the carry that the step returned is float64[], expected float32[].",
    ],
    [
      "lengths disagree",
      () => scan((h: Tensor) => [h, undefined], start, { a: xs, b: f64([1, 2]) }),
      'scan: xs at "b" has length 2, expected 5.',
    ],
    [
      "options.length disagrees",
      () => scan((h: Tensor) => [h, undefined], start, xs, { length: 4 }),
      "scan: xs has length 5, expected 4 (options.length).",
    ],
    [
      "no length",
      () => scan((h: Tensor) => [h, undefined], start, undefined),
      "scan: length must be given where xs has no leaves, got undefined.",
    ],
    [
      "a scalar among xs",
      () => scan((h: Tensor) => [h, undefined], start, start),
      "scan: xs is a scalar, which has no axis to walk along.",
    ],
    [
      "an unknown policy",
      () => scan((h: Tensor) => [h, undefined], start, xs, { checkpoints: "some" as "all" }),
      'scan: checkpoints must be "all", "sqrt" or { states }, got "some".',
    ],
    [
      "no pair",
      () => scan(((h: Tensor) => h) as never, start, xs),
      "scan: the step must return [carry, y], got",
    ],
  ])("%s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});
