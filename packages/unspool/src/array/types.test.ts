/** Types of the exported generics. */
import { expectTypeOf, test } from "vitest";
import { type Tensor, type tree, grad, jit, jvp, np, scan, valueAndGrad, vmap } from "./index.ts";

type Theta = { layers: readonly { w: Tensor; b: number }[]; scale: Float32Array };
declare const theta: Theta;
declare const x: Tensor;
const loss = (given: Theta, input: Tensor): Tensor => given.layers[0]!.w.mul(input).sum();

test("tree.Tensors puts tensors at the leaves", () => {
  expectTypeOf<tree.Tensors<Theta>>().toEqualTypeOf<{
    layers: readonly { w: Tensor; b: Tensor }[];
    scale: Tensor;
  }>();
  expectTypeOf<tree.Tensors<number>>().toEqualTypeOf<Tensor>();
  expectTypeOf<tree.Tensors<[Tensor, boolean]>>().toEqualTypeOf<[Tensor, Tensor]>();
});

test("transformations keep arguments and results", () => {
  expectTypeOf(grad(loss)).toEqualTypeOf<(first: Theta, input: Tensor) => tree.Tensors<Theta>>();
  expectTypeOf(valueAndGrad(loss)).returns.toEqualTypeOf<[Tensor, tree.Tensors<Theta>]>();
  expectTypeOf(jit(loss)).toEqualTypeOf<(given: Theta, input: Tensor) => Tensor>();
  expectTypeOf(vmap((a: Tensor) => ({ a }))).returns.toEqualTypeOf<{ a: Tensor }>();
  expectTypeOf<ReturnType<typeof jvp<[Tensor], Tensor>>>().toEqualTypeOf<[Tensor, Tensor]>();
});

test("scan keeps the types of carry and y, and gives the step rows of xs", () => {
  const looped = () =>
    scan(
      (carry: { h: Tensor }, row: [Tensor, Tensor], k) => {
        expectTypeOf(k).toEqualTypeOf<Tensor>();
        return [carry, { y: row[0] }];
      },
      { h: x },
      [x, x],
    );
  expectTypeOf(looped).returns.toEqualTypeOf<[{ h: Tensor }, { y: Tensor }]>();
});

test("functions of np take tensors and give tensors", () => {
  expectTypeOf(np.exp).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(np.matmul).toEqualTypeOf<(x: Tensor, y: Tensor) => Tensor>();
  expectTypeOf(np.split).returns.toEqualTypeOf<Tensor[]>();
  expectTypeOf(np.mean).parameter(0).toEqualTypeOf<Tensor>();
});

test("what must not compile does not", () => {
  // Only the type checker reads these functions.
  const wrong = (): unknown[] => [
    // @ts-expect-error grad needs a function that returns a tensor.
    grad((a: Tensor) => [a]),
    // @ts-expect-error The second argument of the gradient is a tensor.
    grad(loss)(theta, "x"),
    // @ts-expect-error A transformed function takes as many arguments as before.
    jit(loss)(theta, x, x),
    // @ts-expect-error The carry that a step returns has the structure of the one that it was given.
    scan((carry: { h: Tensor }) => [carry.h, x], { h: x }, x),
    // @ts-expect-error matmul takes tensors, not nested arrays.
    np.matmul([[1]], x),
  ];
  expectTypeOf(wrong).toBeFunction();
});
