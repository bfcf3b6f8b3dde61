"""Values of NumPy 1.24.2 for derived.test.ts: `python3 reference.py > reference.json`. Everything in float64."""
import json
import numpy as np

x = np.array([3.0, -1.0, 2.0, 7.5, 0.25])
m = np.array([[3.0, 1.0, 2.0], [-4.0, 5.0, 0.5], [1.0, 1.5, -2.0], [6.0, 0.0, 9.0]])
s = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]])
nan = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan], [-2.0, 8.0, np.nan]])
steps = np.array([0.0, 1.0, 1.5, 3.5, 4.0, 6.0])
squares = steps**2
labels = np.array([1, 3, 1, 0, 6, 3, 3])
edges = np.array([0.0, 1.0, 2.5, 4.0])
points = np.array([0.2, 6.4, 3.0, 1.6, 1.0, -1.0, np.nan])

results = {
    "median": np.median(x),
    "median even": np.median(m),
    "median axis 0": np.median(m, axis=0),
    "median of infinities": np.median(np.array([np.inf, np.inf, 1.0, -np.inf])),
    "quantile": np.quantile(x, 0.3),
    "quantile list, axis 1": np.quantile(m, [0.1, 0.5, 0.99], axis=1),
    "quantile axes keepdims": np.quantile(m.reshape(2, 2, 3), 0.4, axis=(0, 2), keepdims=True),
    **{f"quantile {method}": np.quantile(m, [0.15, 0.5, 0.8], axis=0, method=method) for method in ["lower", "higher", "midpoint", "nearest"]},
    "percentile": np.percentile(m, [0, 25, 100], axis=0),
    "quantile NaN": np.quantile(nan, 0.5, axis=1),
    "searchsorted left": np.searchsorted(edges, points),
    "searchsorted right": np.searchsorted(edges, points, side="right"),
    "digitize": np.digitize(points, edges),
    "digitize right": np.digitize(points, edges, right=True),
    "digitize falling": np.digitize(points, edges[::-1]),
    "digitize falling right": np.digitize(points, edges[::-1], right=True),
    "interp": np.interp(points, edges, np.array([1.0, -2.0, 4.0, 3.0])),
    "interp ends": np.interp(points, edges, np.array([1.0, -2.0, 4.0, 3.0]), left=-9.0, right=9.0),
    "bincount": np.bincount(labels),
    "bincount weights": np.bincount(labels, weights=np.arange(7) * 0.5, minlength=9),
    "histogram": np.histogram(m, bins=4)[0],
    "histogram edges": np.histogram(m, bins=4)[1],
    "histogram range": np.histogram(m, bins=5, range=(0, 3))[0],
    "histogram own edges": np.histogram(m, bins=[-4.0, 1.0, 1.5, 9.0])[0],
    "histogram density": np.histogram(m, bins=[-4.0, 1.0, 1.5, 9.0], density=True)[0],
    "histogram weights": np.histogram(x, bins=3, weights=np.array([1.0, 2.0, 0.5, 4.0, 1.0]))[0],
    "histogram of one value": np.histogram(np.array([2.0, 2.0]), bins=2)[1],
    "isclose": np.isclose([1.0, 1.0, np.nan, np.inf, np.inf, 0.0], [1.00001, 1.0001, np.nan, np.inf, -np.inf, 1e-9]),
    "average": np.average(m, weights=m**2),
    "average axis": np.average(m, axis=1, weights=[0.2, 0.3, 0.1]),
    "cov": np.cov(m),
    "cov columns": np.cov(m, rowvar=False, ddof=0),
    "cov two": np.cov(x, x**2),
    "cov one": np.cov(x),
    "corrcoef": np.corrcoef(m, rowvar=False),
    "nansum": np.nansum(nan, axis=1),
    "nanprod": np.nanprod(nan, axis=0),
    "nanmean": np.nanmean(nan, axis=0),
    "nanmax": np.nanmax(nan),
    "nanmin axis": np.nanmin(nan[[0, 2]], axis=1),
    "nanvar": np.nanvar(nan, axis=0, ddof=0),
    "nanstd": np.nanstd(nan, ddof=1),
    "nanargmax": np.nanargmax(nan[[0, 2]], axis=1),
    "nanargmin": np.nanargmin(nan),
    "gradient": np.gradient(squares),
    "gradient spacing": np.gradient(squares, 0.5),
    "gradient coordinates": np.gradient(squares, steps),
    "gradient axis": np.gradient(m, 2.0, axis=1),
    "gradient of matrix": np.gradient(m)[0],
    "trapezoid": np.trapz(squares),
    "trapezoid x": np.trapz(squares, steps),
    "trapezoid dx axis": np.trapz(m, dx=0.25, axis=0),
    "polyval": np.polyval([2.0, -1.0, 0.5], x),
    "kron": np.kron(m[:2], np.array([1.0, -2.0])),
    "tri": np.tri(3, 4, 1),
    "tri below": np.tri(3, 2, -1),
    "logspace": np.logspace(-1, 2, 4),
    "geomspace": np.geomspace(-1, -8, 4),
    "qr q": np.linalg.qr(m)[0],
    "qr r": np.linalg.qr(m)[1],
    "qr wide r": np.linalg.qr(m.T)[1],
    "qr complete q": np.linalg.qr(m, mode="complete")[0],
    "singular values": np.linalg.svd(m, compute_uv=False),
    "pinv": np.linalg.pinv(m),
    "pinv rank 1": np.linalg.pinv(np.outer([1.0, 2.0, 3.0], [4.0, 5.0])),
    "lstsq": np.linalg.lstsq(m, np.array([1.0, 2.0, -1.0, 0.5]), rcond=None)[0],
    "lstsq wide": np.linalg.lstsq(m.T, m.T @ np.ones((4, 2)) + 0.5, rcond=None)[0],
    "eigvals modulus": np.sort(np.abs(np.linalg.eigvals(m[:3]))),
    "matrixPower": np.linalg.matrix_power(s, 5),
    "matrixPower inverse": np.linalg.matrix_power(s, -2),
    "matrixRank": np.linalg.matrix_rank(np.outer([1.0, 2.0, 3.0], [4.0, 5.0])),
    "det of integers": np.linalg.det(np.array([[2, 1], [5, 3]])),
    "inverse of integers": np.linalg.inv(np.array([[2, 1], [5, 3]])),
    "cholesky of integers": np.linalg.cholesky(np.array([[4, 2], [2, 5]])),
    **{f"norm {order}": np.linalg.norm(m, order) for order in ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]},
    "norm axis": np.linalg.norm(m, 3, axis=1),
    "eigvalsh": np.linalg.eigvalsh(s),
}


def plain(value):
    value = np.asarray(value)
    shape = list(value.shape)
    flat = ["NaN" if np.isnan(v) else ("inf" if v == np.inf else "-inf" if v == -np.inf else float(v)) for v in value.astype(float).ravel()]
    return {"shape": shape, "data": flat}


print(json.dumps({name: plain(value) for name, value in results.items()}, separators=(",", ":")))
