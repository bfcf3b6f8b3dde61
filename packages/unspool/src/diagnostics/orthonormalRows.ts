/**
 * Orthonormal rows by Gram-Schmidt, each projection done twice: orthogonal to rounding, however skew the rows were
 * (Giraud, Langou and Rozloznik 2005).
 */
import { type Tensor, np } from "../array/index.ts";

/** What is left of a row after the first projection counts as rounding below this part of it, times the row's size. */
const rounding = 4 * 2 ** -52;

/**
 * The rows [m, S] made orthonormal in order, and the logarithms [m] of their lengths outside the span of those before
 * (ln R_jj). A row within that span has -Infinity there, and the row of `spare` takes its place.
 */
export function orthonormalRows(rows: Tensor, spare: Tensor): { rows: Tensor; logs: Tensor } {
  const [count, size] = rows.shape as [number, number];
  const done: Tensor[] = [];
  const logs: Tensor[] = [];
  for (let j = 0; j < count; j++) {
    const row = rows.slice(j);
    const once = withoutSpan(row, done);
    const isDead = np.logicalNot(norm(once).greater(norm(row).mul(size * rounding)));
    const twice = withoutSpan(np.where(isDead, spare.slice(j), once), done);
    const length = norm(twice);
    done.push(twice.div(length));
    logs.push(np.where(isDead, np.zeros([], { dtype: "float64" }).sub(Infinity), np.log(length)));
  }
  return { rows: np.stack(done), logs: np.stack(logs) };
}

function withoutSpan(row: Tensor, basis: readonly Tensor[]): Tensor {
  return basis.reduce((left, q) => left.sub(q.mul(q.mul(left).sum())), row);
}

function norm(row: Tensor): Tensor {
  return np.sqrt(row.mul(row).sum());
}
