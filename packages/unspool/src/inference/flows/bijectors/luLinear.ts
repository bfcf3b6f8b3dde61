/**
 * An invertible linear map by its LU form (Kingma and Dhariwal, "Glow", NeurIPS 2018, section 3.2):
 *
 *     x = P L (U + diag(s exp(l))) z,    log |det| = Σ l
 *
 * L is lower triangular with a unit diagonal, U strictly upper, the permutation P and the signs s are fixed. It starts
 * as a random orthogonal matrix. The inverses of both triangles are made once for all points of a batch.
 */
import { type Key, type Tensor, linalg, np } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import { orthogonal } from "../../../networks/index.ts";
import type { Bijector } from "../flow.ts";

export interface LuLinearOptions {
  /** d: numbers of a point. */
  dim: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export interface LuLinearParams {
  /** [d, d], of which the part below the diagonal counts. */
  lower: Tensor;
  /** [d, d], of which the part above the diagonal counts. */
  upper: Tensor;
  /** l, [d]. */
  logDiagonal: Tensor;
  /** s, int32 [d]: not learned. */
  signs: Tensor;
  /** Row i of P L U is row `order[i]` of L U, int32 [d]: not learned. */
  order: Tensor;
}

/** A linear map of all coordinates. Cost: two products [n, d] by [d, d] either way. */
export function luLinear(options: LuLinearOptions): Bijector<LuLinearParams> {
  requireKnownOptions("luLinear", options, ["dim", "dtype"]);
  const { dim, dtype = "float32" } = options;
  requireInteger("luLinear", "dim", dim, 1);
  const below = np.tri(dim, dim, -1).astype(dtype);
  const unit = np.eye(dim, dim, { dtype });
  const triangles = ({ lower, upper, logDiagonal, signs }: LuLinearParams): [Tensor, Tensor] => {
    const diagonal = np.exp(logDiagonal).mul(signs.astype(dtype));
    return [lower.mul(below).add(unit), upper.mul(below.transpose()).add(unit.mul(diagonal))];
  };
  return {
    name: "luLinear",
    init(key: Key) {
      const matrix = orthogonal()(key, [dim, dim], "float64");
      const { lower, upper, order } = factors(matrix);
      const diagonal = np.diagonal(upper) as Tensor;
      return {
        lower: lower.astype(dtype),
        upper: upper.astype(dtype),
        logDiagonal: (np.log(np.abs(diagonal)) as Tensor).astype(dtype),
        signs: (np.sign(diagonal) as Tensor).astype("int32"),
        order,
      };
    },
    forward(params, z) {
      const [l, u] = triangles(params);
      const mixed = np.matmul(z, np.matmul(l, u).transpose()) as Tensor;
      return {
        value: np.take(mixed, params.order, 1) as Tensor,
        logDet: everywhere(z, params.logDiagonal.sum()),
      };
    },
    inverse(params, x) {
      const [l, u] = triangles(params);
      // U⁻¹ L⁻¹, by two substitutions for all points together.
      const first = linalg.triangularSolve(l, unit, { leftSide: true, lower: true }) as Tensor;
      const inverse = linalg.triangularSolve(u, first, { leftSide: true, lower: false }) as Tensor;
      const sorted = np.take(x, np.argsort(params.order) as Tensor, 1) as Tensor;
      const value = np.matmul(sorted, inverse.transpose()) as Tensor;
      return { value, logDet: everywhere(x, params.logDiagonal.sum().neg()) };
    },
  };
}

/** The same number for each point. */
const everywhere = (points: Tensor, value: Tensor): Tensor =>
  np.broadcastTo(value, [points.shape[0]!]) as Tensor;

/** matrix[order[i]] … : matrix = P L U by elimination with pivots, in float64. */
function factors(matrix: Tensor): { lower: Tensor; upper: Tensor; order: Tensor } {
  const d = matrix.shape[0]!;
  const rows = Array.from({ length: d }, (_, i) => Array.from(matrix.data.slice(i * d, (i + 1) * d), Number));
  // Where each row of L U stands in the matrix.
  const from = rows.map((_, i) => i);
  for (let k = 0; k < d; k++) {
    let pivot = k;
    for (let i = k + 1; i < d; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    [from[k], from[pivot]] = [from[pivot]!, from[k]!];
    for (let i = k + 1; i < d; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      rows[i]![k] = factor;
      for (let j = k + 1; j < d; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const order = from.map((_, i) => from.indexOf(i));
  const part = (isIn: (i: number, j: number) => boolean): Tensor =>
    np.array(
      rows.map((row, i) => row.map((x, j) => (isIn(i, j) ? x : 0))),
      { dtype: "float64" },
    );
  return {
    lower: part((i, j) => j < i),
    upper: part((i, j) => j >= i),
    order: np.array(order, { dtype: "int32" }),
  };
}
