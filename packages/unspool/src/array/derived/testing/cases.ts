/** Calls of the functions that are made of others, by the names of their values in `reference.py`. */
import { type Tensor, linalg, np } from "../../index.ts";

const wide = { dtype: "float64" } as const;
export const x: Tensor = np.array([3, -1, 2, 7.5, 0.25], wide);
// prettier-ignore
export const m: Tensor = np.array([[3, 1, 2], [-4, 5, 0.5], [1, 1.5, -2], [6, 0, 9]], wide);
// prettier-ignore
const s = np.array([[4, 1, 0.5], [1, 3, -1], [0.5, -1, 2]], wide);
// prettier-ignore
const nan = np.array([[1, NaN, 3], [NaN, NaN, NaN], [-2, 8, NaN]], wide);
const someNan = np.take(nan, np.array([0, 2], { dtype: "int32" }), 0) as Tensor;
const steps = np.array([0, 1, 1.5, 3.5, 4, 6], wide);
const squares = steps.mul(steps);
const labels = np.array([1, 3, 1, 0, 6, 3, 3], { dtype: "int32" });
const edges = np.array([0, 1, 2.5, 4], wide);
const falling = np.array([4, 2.5, 1, 0], wide);
const points = np.array([0.2, 6.4, 3, 1.6, 1, -1, NaN], wide);
const values = np.array([1, -2, 4, 3], wide);
const bins = np.array([-4, 1, 1.5, 9], wide);
// prettier-ignore
const rankOne = np.array([[4, 5], [8, 10], [12, 15]], wide);
const whole = (rows: number[][]): Tensor => np.array(rows, { dtype: "int32" });

/** Functions of one tensor, so that they can be traced; the second entry is what they are given. */
export const cases: Readonly<Record<string, readonly [call: (x: Tensor) => Tensor, on: Tensor]>> = {
  median: [(t) => np.median(t), x],
  "median even": [(t) => np.median(t), m],
  "median axis 0": [(t) => np.median(t, 0), m],
  "median of infinities": [(t) => np.median(t), np.array([Infinity, Infinity, 1, -Infinity], wide)],
  quantile: [(t) => np.quantile(t, 0.3), x],
  "quantile list, axis 1": [(t) => np.quantile(t, [0.1, 0.5, 0.99], 1), m],
  "quantile axes keepdims": [(t) => np.quantile(t.reshape([2, 2, 3]), 0.4, [0, 2], { keepdims: true }), m],
  ...Object.fromEntries(
    (["lower", "higher", "midpoint", "nearest"] as const).map((method) => [
      `quantile ${method}`,
      [(t: Tensor) => np.quantile(t, [0.15, 0.5, 0.8], 0, { method }), m] as [(t: Tensor) => Tensor, Tensor],
    ]),
  ),
  percentile: [(t) => np.percentile(t, [0, 25, 100], 0), m],
  "quantile NaN": [(t) => np.quantile(t, 0.5, 1), nan],
  "searchsorted left": [(t) => np.searchsorted(edges, t), points],
  "searchsorted right": [(t) => np.searchsorted(edges, t, { side: "right" }), points],
  digitize: [(t) => np.digitize(t, edges), points],
  "digitize right": [(t) => np.digitize(t, edges, { right: true }), points],
  "digitize falling": [(t) => np.digitize(points, t), falling],
  "digitize falling right": [(t) => np.digitize(points, t, { right: true }), falling],
  interp: [(t) => np.interp(t, edges, values), points],
  "interp ends": [(t) => np.interp(t, edges, values, { left: -9, right: 9 }), points],
  bincount: [(t) => np.bincount(t, { length: 7 }), labels],
  "bincount weights": [
    (t) => np.bincount(t, { weights: np.arange(7).mul(np.array(0.5, wide)), length: 9 }),
    labels,
  ],
  histogram: [(t) => np.histogram(t, { bins: 4 })[0], m],
  "histogram edges": [(t) => np.histogram(t, { bins: 4 })[1], m],
  "histogram range": [(t) => np.histogram(t, { bins: 5, range: [0, 3] })[0], m],
  "histogram own edges": [(t) => np.histogram(t, { bins })[0], m],
  "histogram density": [(t) => np.histogram(t, { bins, density: true })[0], m],
  "histogram weights": [
    (t) => np.histogram(t, { bins: 3, weights: np.array([1, 2, 0.5, 4, 1], wide) })[0],
    x,
  ],
  "histogram of one value": [(t) => np.histogram(t, { bins: 2 })[1], np.array([2, 2], wide)],
  isclose: [
    (t) => np.isclose(t, np.array([1.00001, 1.0001, NaN, Infinity, -Infinity, 1e-9], wide)),
    np.array([1, 1, NaN, Infinity, Infinity, 0], wide),
  ],
  average: [(t) => np.average(t, null, { weights: t.mul(t) }), m],
  "average axis": [(t) => np.average(t, 1, { weights: np.array([0.2, 0.3, 0.1], wide) }), m],
  cov: [(t) => np.cov(t), m],
  "cov columns": [(t) => np.cov(t, { rowvar: false, ddof: 0 }), m],
  "cov two": [(t) => np.cov(t, { y: t.mul(t) }), x],
  "cov one": [(t) => np.cov(t), x],
  corrcoef: [(t) => np.corrcoef(t, { rowvar: false }), m],
  nansum: [(t) => np.nansum(t, 1), nan],
  nanprod: [(t) => np.nanprod(t, 0), nan],
  nanmean: [(t) => np.nanmean(t, 0), nan],
  nanmax: [(t) => np.nanmax(t), nan],
  "nanmin axis": [(t) => np.nanmin(t, 1), someNan],
  nanvar: [(t) => np.nanvar(t, 0), nan],
  nanstd: [(t) => np.nanstd(t, null, { correction: 1 }), nan],
  nanargmax: [(t) => np.nanargmax(t, 1), someNan],
  nanargmin: [(t) => np.nanargmin(t), nan],
  gradient: [(t) => np.gradient(t) as Tensor, squares],
  "gradient spacing": [(t) => np.gradient(t, 0.5) as Tensor, squares],
  "gradient coordinates": [(t) => np.gradient(t, steps) as Tensor, squares],
  "gradient axis": [(t) => np.gradient(t, 2, { axis: 1 }) as Tensor, m],
  "gradient of matrix": [(t) => (np.gradient(t) as Tensor[])[0]!, m],
  trapezoid: [(t) => np.trapezoid(t), squares],
  "trapezoid x": [(t) => np.trapezoid(t, steps), squares],
  "trapezoid dx axis": [(t) => np.trapezoid(t, null, { dx: 0.25, axis: 0 }), m],
  polyval: [(t) => np.polyval([2, -1, 0.5], t), x],
  kron: [(t) => np.kron(t.slice([0, 2]), [1, -2]), m],
  tri: [(t) => np.tri(3, 4, 1, wide).add(t.slice(0).mul(0)), x],
  "tri below": [(t) => np.tri(3, 2, -1, wide).add(t.slice(0).mul(0)), x],
  logspace: [(t) => np.logspace(-1, 2, 4, wide).add(t.slice(0).mul(0)), x],
  geomspace: [(t) => np.geomspace(-1, -8, 4, wide).add(t.slice(0).mul(0)), x],
  "qr q": [(t) => linalg.qr(t)[0], m],
  "qr r": [(t) => linalg.qr(t)[1], m],
  "qr wide r": [(t) => linalg.qr(t.transpose())[1], m],
  "qr complete q": [(t) => linalg.qr(t, { mode: "complete" })[0], m],
  "singular values": [(t) => linalg.svd(t, { computeUv: false }), m],
  pinv: [(t) => linalg.pinv(t), m],
  "pinv rank 1": [(t) => linalg.pinv(t), rankOne],
  lstsq: [(t) => linalg.lstsq(t, np.array([1, 2, -1, 0.5], wide)), m],
  "lstsq wide": [
    (t) => linalg.lstsq(t.transpose(), np.matmul(t.transpose(), np.ones([4, 2], wide)).add(0.5)),
    m,
  ],
  matrixPower: [(t) => linalg.matrixPower(t, 5), s],
  "matrixPower inverse": [(t) => linalg.matrixPower(t, -2), s],
  matrixRank: [(t) => linalg.matrixRank(t), rankOne],
  // prettier-ignore
  "det of integers": [(t) => linalg.det(t), whole([[2, 1], [5, 3]])],
  // prettier-ignore
  "inverse of integers": [(t) => linalg.inv(t), whole([[2, 1], [5, 3]])],
  // prettier-ignore
  "cholesky of integers": [(t) => linalg.cholesky(t), whole([[4, 2], [2, 5]])],
  ...Object.fromEntries(
    (["fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity] as const).map((ord) => [
      `norm ${String(ord).replace("Infinity", "inf")}`,
      [(t: Tensor) => linalg.norm(t, { ord }), m] as [(t: Tensor) => Tensor, Tensor],
    ]),
  ),
  "norm axis": [(t) => linalg.norm(t, { ord: 3, axis: 1 }), m],
  eigvalsh: [(t) => linalg.eigvalsh(t), s],
};
