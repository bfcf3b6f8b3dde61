"""Writes promotionValues.ts: what NumPy 1.24.2 makes of operands of every dtype (python3 recordPromotion.py > ...)."""
import re
import warnings
import numpy as np

warnings.simplefilter("ignore")
dtypes = {"i": np.int32, "u": np.uint32, "b": np.bool_, "f": np.float32, "d": np.float64}
first = {"i": [7, -7, 0, -(2**31)], "u": [7, 0, 2**32 - 1, 3], "b": [1, 0, 1, 0],
         "f": [2.5, -1.5, 0, 3], "d": [0.1, -1.5, 0, 3]}
second = {"i": [3, -2, 0, -1], "u": [3, 2, 0, 5], "b": [1, 1, 0, 0], "f": [0.5, 2, -1.5, 4], "d": [0.3, 2, -1.5, 4]}
single = {**first, "i": [7, -7, 0, 3], "u": [7, 0, 12, 3]}
columns = lambda table: {k: np.array(v, dtypes[k]) for k, v in table.items()}
A, B, S = columns(first), columns(second), columns(single)

def text(value):
    value = np.asarray(value)
    kind = {"b": "b", "i": "i", "u": "i", "f": "f"}[value.dtype.kind]
    name = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    one = lambda x: str(int(x)) if kind != "f" else name.get(repr(float(x)), f"{float(x):.8g}")
    return kind + " " + " ".join(one(x) for x in value.ravel())

def cell(call, *operands):
    """Errors are "!". NumPy computes functions of bools in float16, here they are float32."""
    try:
        value = call(*operands)
        if np.asarray(value).dtype == np.float16:
            value = call(*(o.astype(np.float32) if getattr(o, "dtype", None) == np.bool_ else o for o in operands))
        return text(value)
    except Exception:
        return "!"

def camel(name):
    return {"arctan2": "atan2", "arcsin": "asin", "arctan": "atan", "arcsinh": "asinh"}.get(
        name, re.sub("_(.)", lambda m: m[1].upper(), name))

def row(name, cells):
    print(camel(name) + "|" + "|".join(f"{key}: {value}" for key, value in cells))

def accumulate(name):
    # With 32-bit accumulators; NumPy's own have 64 bits.
    return lambda x: getattr(np, name)(x, dtype=np.int32 if x.dtype == np.bool_ else x.dtype)

unary = """exp expm1 log log2 log10 log1p sqrt cbrt square sin cos tan arcsinh sinh cosh tanh exp2 abs sign negative
positive floor ceil trunc rint round isnan isinf isfinite nan_to_num logical_not bitwise_not mean var std max min all
any argmax argmin sort count_nonzero ptp diff""".split()
binary = """add subtract multiply divide floor_divide maximum minimum fmax fmin arctan2 hypot logaddexp
copysign heaviside power less less_equal greater greater_equal equal not_equal logical_and logical_or logical_xor
bitwise_and bitwise_or bitwise_xor left_shift right_shift dot outer inner vdot convolve correlate isin""".split()
print('/** Recorded by recordPromotion.py from NumPy 1.24.2: `np.name(x, y)` per dtypes of x and y; "!" is an error. */')
print("export const promotionValues = `")
for name in unary:
    row(name, [(k, cell(getattr(np, name), S[k])) for k in "iub"])
for name in ["sum", "prod", "cumsum", "cumprod"]:
    row(name, [(k, cell(accumulate(name), S[k])) for k in "iub"])
pairs = ["ii", "uu", "bb", "bi", "ub", "if", "fu", "bf", "id", "df"]
numbers = [0.5, 2, -1]
for name in binary:
    f = getattr(np, name)
    cells = [(p, cell(f, A[p[0]], B[p[1]])) for p in pairs]
    if name not in "dot outer inner vdot convolve correlate isin".split():
        cells += [(f"{k} {c}", cell(f, A[k], c)) for k in "iub" for c in numbers]
        cells += [(f"{c} {k}", cell(f, c, B[k])) for k in "ib" for c in numbers]
    row(name, cells)
for name in ["remainder", "fmod"]:
    f = getattr(np, name)
    row(name, [(p, cell(f, A[p[0]], B[p[1]])) for p in pairs[:5]] + [(f"i {c}", cell(f, A["i"], c)) for c in [3, -3]])
for name in ["concatenate", "stack", "hstack", "vstack", "column_stack"]:
    row(name, [(p, cell(lambda x, y: getattr(np, name)([x, y]), A[p[0]], B[p[1]])) for p in pairs])
for name, f in {
    "matmul": lambda x, y: np.matmul(x.reshape(2, 2), y.reshape(2, 2)),
    "einsum": lambda x, y: np.einsum("ij,jk->ik", x.reshape(2, 2), y.reshape(2, 2)),
    "where": lambda x, y: np.where([1, 0, 1, 0], x, y),
    "array": lambda x, y: np.array([x, y]),
}.items():
    row(name, [(p, cell(f, A[p[0]], B[p[1]])) for p in pairs])
print("`;")
