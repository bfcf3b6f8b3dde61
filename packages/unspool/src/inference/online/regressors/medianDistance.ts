/** The median of the distances between all pairs of rows: the usual bandwidth of a kernel. */
import { type Tensor, np } from "../../../array/index.ts";
import { ShapeError } from "../../../errors.ts";

/** Of rows x [n, d], n of at least 2: a scalar. Cost: n² d / 2, and a sort of n² / 2 numbers. */
export function medianDistance(x: Tensor): Tensor {
  const n = x.shape[0]!;
  if (x.ndim !== 2 || n < 2)
    throw new ShapeError("medianDistance", `x must be [n, d] with n of at least 2, got ${x.toString()}.`);
  const [first, second]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      first.push(i);
      second.push(j);
    }
  }
  const rows = (at: number[]): Tensor => np.take(x, np.array(at, { dtype: "int32" }), 0) as Tensor;
  const gap = rows(first).sub(rows(second));
  // The root is monotone, and of an even number of pairs the mean is taken of distances.
  return np.median(np.sqrt(gap.mul(gap).sum(1)));
}
