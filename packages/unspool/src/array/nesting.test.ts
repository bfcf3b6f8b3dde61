/** Transformations of transformations, against derivatives worked by hand. */
import { expect, test } from "vitest";
import { type Tensor, grad, hessian, jacobian, jit, jvp, np, valueAndGrad, vjp, vmap } from "./index.ts";
import { expectClose } from "./testing/contract.ts";

const f64 = (values: number | number[] | number[][]) => np.array(values, { dtype: "float64" });
const cubed = (x: Tensor) => x.mul(x).mul(x);
const points = f64([-1.5, 0.2, 2]);

test("third derivative of x⁴ by grad of grad of grad is 24 x", () => {
  const third = grad(grad(grad((x: Tensor) => np.power(x, 4))));
  expect(third(f64(1.5)).item()).toBe(36);
});

test("second derivative of sin exp x by grad of grad and by hessian", () => {
  const f = (x: Tensor) => np.sin(np.exp(x) as Tensor) as Tensor;
  const at = 0.4;
  const e = Math.exp(at);
  const wanted = e * Math.cos(e) - e * e * Math.sin(e);
  expectClose(grad(grad(f))(f64(at)).data, [wanted], 1e-12);
  expectClose(hessian(f)(f64(at)).data, [wanted], 1e-12);
});

test.each([
  ["vmap of grad", vmap(grad(cubed))],
  ["jit of vmap of grad", jit(vmap(grad(cubed)))],
  ["vmap of jit of grad", vmap(jit(grad(cubed)))],
  ["grad of sum of vmap", grad((x: Tensor) => vmap(cubed)(x).sum())],
  ["grad of jit", grad((x: Tensor) => jit(cubed)(x).sum())],
  ["vmap of valueAndGrad", (x: Tensor) => vmap(valueAndGrad(cubed))(x)[1]],
  ["diagonal of the jacobian", (x: Tensor) => np.diagonal(jacobian(cubed)(x)) as Tensor],
  ["jvp along ones", (x: Tensor) => jvp(cubed, [x], [np.onesLike(x)])[1]],
  ["vjp of ones inside jit", jit((x: Tensor) => vjp(cubed, [x], np.onesLike(x))[1][0])],
])("%s of x³ is 3 x²", (_name, derivative) => {
  expectClose(derivative(points).data, [6.75, 0.12, 12], 1e-12);
});

test("forward over reverse: Hessian times vector of x0² x1 at (3, 5) is ((10, 6), (6, 0)) v", () => {
  const f = (x: Tensor) => x.slice(0).mul(x.slice(0)).mul(x.slice(1));
  const [, product] = jvp(grad(f), [f64([3, 5])], [f64([1, -2])]);
  expect(product.toArray()).toEqual([-2, 6]);
});

test("reverse over forward gives the same", () => {
  const f = (x: Tensor) => x.slice(0).mul(x.slice(0)).mul(x.slice(1));
  const slope = (x: Tensor) => jvp(f, [x], [f64([1, -2])])[1];
  expect(grad(slope)(f64([3, 5])).toArray()).toEqual([-2, 6]);
});

test("vmap of vmap is an outer product, with axes shared crosswise", () => {
  const outer = vmap(
    vmap((x: Tensor, y: Tensor) => x.mul(y), [null, 0]),
    [0, null],
  );
  expect(outer(f64([1, 2]), f64([3, 4, 5])).toArray()).toEqual([[3, 4, 5], [6, 8, 10]]); // prettier-ignore
});

test("meta-gradient: the derivative of a loss after one step of gradient descent", () => {
  // loss = x²/2, x' = x - r x, so d loss(x') / d r = -x² (1 - r).
  const loss = (x: Tensor) => x.mul(x).mul(0.5);
  const after = (rate: Tensor, x: Tensor) => loss(x.sub(grad(loss)(x).mul(rate)));
  expectClose(grad(after)(f64(0.1), f64(3)).data, [-9 * 0.9], 1e-12);
  expectClose(vmap(grad(after), [0, null])(f64([0.1, 0.5]), f64(3)).data, [-8.1, -4.5], 1e-12);
});

test("per-example gradients of a shared weight equal the rows of the jacobian", () => {
  const predict = (w: Tensor, x: Tensor) => np.tanh(np.dot(w, x) as Tensor);
  const [w, batch] = [f64([0.3, -0.2]), f64([[1, 2], [3, 4], [-1, 0.5]])]; // prettier-ignore
  const rows = vmap(grad(predict), [null, 0])(w, batch);
  const whole = jacobian((v: Tensor) => vmap(predict, [null, 0])(v, batch))(w);
  expectClose(rows.data, whole.data, 1e-12);
});
