import { type Tensor, np } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";

const program = compiled("matrixProduct", (a: Tensor, b: Tensor) => np.matmul(a, b) as Tensor);

/** A B of real matrices; outside of traces by a program of its own, which takes a tenth of an operation by itself, and less for large ones. */
export function matrixProduct(a: Tensor, b: Tensor): Tensor {
  return a.isTraced || b.isTraced ? (np.matmul(a, b) as Tensor) : program(a, b);
}
