/** For tests: float64 tensors, and the least-squares problem of Vicol et al. whose Hessian is singular. */
import { type Tensor, np } from "../array/index.ts";
import type { BilevelLosses } from "./bilevelProblem.ts";

export const wide = (values: number | number[] | number[][]): Tensor =>
  np.array(values, { dtype: "float64" });

const x = wide([
  [1, 0, 1],
  [0, 1, 1],
]);
const target = wide([0.5, -0.25, 1]);

/** f = ½‖X w - u‖², F = ½‖w - t‖²: eigenvalues of XᵀX are 0, 1 and 3. */
export const singular: BilevelLosses<Tensor, Tensor> & { x: Tensor; target: Tensor } = {
  x,
  target,
  inner(u, w) {
    const miss = np.matmul(x, w).sub(u);
    return miss.mul(miss).sum().mul(0.5);
  },
  outer(_, w) {
    const miss = w.sub(target);
    return miss.mul(miss).sum().mul(0.5);
  },
};

/** Numbers of a tensor. */
export const listOf = (x: Tensor): number[] => Array.from(x.data, Number);
