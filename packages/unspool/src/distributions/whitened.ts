/** Systems of lower triangular factors. */
import { type Tensor, linalg } from "../array/index.ts";
import { jointShape, spread } from "./parameters.ts";

/**
 * L⁻¹ x for factors L [...batch, d, d] and vectors x [..., ...batch, d]: the vectors that share a factor are columns of one
 * system.
 */
export function whitened(factor: Tensor, x: Tensor): Tensor {
  const d = x.shape.at(-1)!;
  const batch = factor.shape.slice(0, -2);
  const lead = jointShape("whitened", x.shape.slice(0, -1), batch);
  const own = lead.slice(lead.length - batch.length);
  const size = (lengths: readonly number[]): number => lengths.reduce((product, n) => product * n, 1);
  const [columns, systems] = [size(lead) / Math.max(1, size(own)), size(own)];
  const rows = spread(x, [...lead, d]).reshape([columns, systems, d]);
  const triangles = spread(factor, [...own, d, d]).reshape([systems, d, d]);
  const solved = linalg.triangularSolve(triangles, rows.transpose([1, 2, 0]), {
    leftSide: true,
    lower: true,
  });
  return solved.transpose([2, 0, 1]).reshape([...lead, d]);
}
