/**
 * Orthonormal rows by Gram-Schmidt, each projection done twice: orthogonal to rounding, however skew the rows were
 * (Giraud, Langou and Rozloznik 2005).
 */
import { type Tensor, linalg, np, scan } from "../array/index.ts";

/** What is left of a row after the first projection counts as rounding below this part of it, times the row's size. */
const rounding = 4 * 2 ** -52;

/**
 * The rows [m, S] made orthonormal in order, and the logarithms [m] of their lengths outside the span of those before
 * (ln R_jj). A row within that span has -Infinity there, and the row of `spare` takes its place.
 */
export function orthonormalRows(rows: Tensor, spare: Tensor): { rows: Tensor; logs: Tensor } {
  const [count, size] = rows.shape as [number, number];
  if (count === 1) {
    const { row, log } = nextRow(rows.slice(0), spare.slice(0), (x) => x, size);
    return { rows: row.reshape([1, size]), logs: log.reshape([1]) };
  }
  const places = np.arange(count).reshape([count, 1]);
  // Rows of `done` that are still to come are zeros, which project nothing.
  const step = (done: Tensor, [given, other]: [Tensor, Tensor], j: Tensor): [Tensor, Tensor] => {
    const withoutSpan = (x: Tensor): Tensor => x.sub(np.matmul(np.matmul(done, x), done));
    const { row, log } = nextRow(given, other, withoutSpan, size);
    return [np.where(places.equal(j), row.reshape([1, size]), done), log];
  };
  const [done, logs] = scan(step, np.zerosLike(rows), [rows, spare] as [Tensor, Tensor]);
  return { rows: done, logs };
}

function nextRow(
  given: Tensor,
  spare: Tensor,
  withoutSpan: (x: Tensor) => Tensor,
  size: number,
): { row: Tensor; log: Tensor } {
  const once = withoutSpan(given);
  const isDead = np.logicalNot(
    linalg.vectorNorm(once).greater(linalg.vectorNorm(given).mul(size * rounding)),
  );
  const twice = withoutSpan(np.where(isDead, spare, once));
  const length = linalg.vectorNorm(twice);
  const log = np.where(isDead, np.zeros([], { dtype: "float64" }).sub(Infinity), np.log(length));
  return { row: twice.div(length), log };
}
