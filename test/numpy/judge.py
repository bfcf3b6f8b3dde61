"""Judges cases of the fuzzer with NumPy: one JSON case a line in, one JSON verdict a line out.

Values come from NumPy in float64 and int64, with what float32 cannot hold made infinite, and a second time in the
dtypes themselves. A tolerance per element comes from evaluations whose every rounded result is moved by a few units
in the last place, so that it follows the conditioning of the case. Derivatives are differences of fourth order.
"""
import base64
import json
import math
import sys
import types
import warnings

import numpy as np

warnings.filterwarnings("ignore")
np.seterr(all="ignore")

EPS = {"float32": 2.0**-24, "float64": 2.0**-53}
# Below the smallest normal number only the absolute distance counts.
TINY = {"float32": 2.0**-126, "float64": 2.0**-1022}
LARGEST32 = float(np.finfo(np.float32).max)
TRIALS = 3
MOVED = 4.0

erf = np.vectorize(math.erf, otypes=[np.float64])
erfc = np.vectorize(math.erfc, otypes=[np.float64])


def logsumexp(x, axis, keepdims):
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def softmax(x, axis):
    top = np.max(x, axis=axis, keepdims=True)
    e = np.exp(x - np.where(np.isfinite(top), top, 0))
    return e / np.sum(e, axis=axis, keepdims=True)


def astype(x, dtype):
    return finish(x != 0 if dtype == "bool" else np.trunc(x) if "int" in dtype else x, dtype, None)


def nan_to_num(x, dtype):
    largest = LARGEST32 if dtype == "float32" else None
    return np.nan_to_num(x, posinf=largest, neginf=None if largest is None else -largest)


def index_of(index):
    made = []
    for one in index:
        if isinstance(one, tuple):
            made.append(slice(*one) if len(one) == 2 else slice(one[0], None) if len(one) == 1 else slice(None))
        else:
            made.append(one)
    return tuple(made)


def write(x, at, value, adds=False):
    made = np.array(x)
    if adds:
        np.add.at(made, at, value)
    else:
        made[at] = value
    return made


def conv(x, w, strides, padding, spread, holes):
    """Convolution [batch, channels, ...] by [out, channels, ...], from its definition."""
    axes = len(strides)
    shape = [(n - 1) * spread[i] + 1 for i, n in enumerate(x.shape[2:])]
    wide = np.zeros(x.shape[:2] + tuple(shape), x.dtype)
    wide[(slice(None), slice(None)) + tuple(slice(None, None, s) for s in spread)] = x
    wide = np.pad(wide, [(0, 0), (0, 0)] + [tuple(p) for p in padding])
    size = [(k - 1) * holes[i] + 1 for i, k in enumerate(w.shape[2:])]
    out = [(wide.shape[2 + i] - size[i]) // strides[i] + 1 for i in range(axes)]
    result = np.zeros((x.shape[0], w.shape[0]) + tuple(max(0, n) for n in out), x.dtype)
    for at in np.ndindex(*result.shape[2:]):
        window = wide[
            (slice(None), slice(None))
            + tuple(slice(at[i] * strides[i], at[i] * strides[i] + size[i], holes[i]) for i in range(axes))
        ]
        result[(slice(None), slice(None)) + at] = np.tensordot(window, w, (range(1, axes + 2), range(1, axes + 2)))
    return result


NAMES = {
    name: value
    for name, value in globals().items()
    if name in "np math erf erfc logsumexp softmax astype nan_to_num index_of conv write".split()
}
COMPILED = {}


def tuples(value):
    return tuple(tuples(one) for one in value) if isinstance(value, list) else value


def moves(rng, shape):
    """Between a half and one, of either sign: a draw near 0 would say that a rounding does not matter."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1, shape)


def finish(value, dtype, rng):
    """The result of a node in the wide type of `dtype`, moved by a rounding if `rng` is given."""
    value = np.asarray(value)
    if dtype == "bool":
        return value.astype(bool)
    if dtype in ("int32", "uint32"):
        if value.dtype.kind == "f":
            value = np.where(np.isfinite(value), value, 0)
        bits = value.astype(np.int64) & 0xFFFFFFFF
        return np.where(bits >= 2**31, bits - 2**32, bits) if dtype == "int32" else bits
    value = value.astype(np.float64)
    if rng is not None:
        value = value * (1 + MOVED * EPS[dtype] * moves(rng, value.shape))
    if dtype == "float32":
        value = np.where(np.abs(value) > LARGEST32 * (1 + 2.0**-25), np.copysign(np.inf, value), value)
    return value


class Program:
    """The graph of a case."""

    def __init__(self, case):
        self.nodes = []
        # Whether a root was taken of 0, where it has no slope, or something has no value: 0 times its slope is NaN.
        self.is_singular = False
        self.dtypes = [one["dtype"] for one in case["inputs"]]
        for node in case["nodes"]:
            text = node["numpy"]
            if text not in COMPILED:
                COMPILED[text] = compile(text, text, "eval")
            options = types.SimpleNamespace(**{k: tuples(v) for k, v in node["options"].items()})
            scale = node.get("scale")
            if scale is not None and scale not in COMPILED:
                COMPILED[scale] = compile(scale, scale, "eval")
            self.nodes.append((COMPILED[text], options, node["operands"], node["dtype"], node))

    def run(self, inputs, rng=None, is_native=False):
        results = []
        for code, o, operands, dtype, node in self.nodes:
            env = dict(NAMES, o=o, dtype=dtype)
            for name, ref in zip("xyzw", operands):
                if "number" in ref:
                    # A plain number beside float32 is one.
                    env[name] = float(np.float32(ref["number"])) if dtype == "float32" else ref["number"]
                else:
                    value = inputs[ref["input"]] if "input" in ref else results[ref["node"]]
                    if rng is not None and node["isSummed"] and value.dtype.kind == "f":
                        eps = EPS["float32" if dtype == "float32" else "float64"]
                        value = value * (1 + MOVED * eps * moves(rng, value.shape))
                    if node["isFloating"] and value.dtype == bool:
                        # NumPy would compute in float16.
                        value = value.astype(np.float32 if is_native else np.float64)
                    if node["isFloating"] and dtype == "float32" and value.dtype.kind in "iu":
                        # Whole numbers become float32 first (docs/numerics.md).
                        value = value.astype(np.float32).astype(np.float32 if is_native else np.float64)
                    env[name] = value
            value = eval(code, env)
            scale = None if node.get("scale") is None or is_native else eval(COMPILED[node["scale"]], env)
            is_root = node["isRoot"] and np.any(np.asarray(value) == 0)
            if is_root or (dtype in EPS and not np.all(np.isfinite(value))):
                self.is_singular = True
            if is_native:
                value = np.asarray(value)
                if dtype in ("int32", "uint32"):
                    value = finish(value, dtype, None)
                results.append(value.astype(dtype))
            else:
                made = finish(value, dtype, None if node["isExact"] else rng)
                if scale is not None and rng is not None and made.dtype.kind == "f":
                    made = made + MOVED * EPS[dtype] * np.broadcast_to(scale, made.shape) * moves(rng, made.shape)
                results.append(made)
        return results[-1]


def weights(shape):
    size = int(np.prod(shape))
    return (((np.arange(size) + 1) * math.sqrt(2)) % 1 * 2 - 1).reshape(shape)


def one_mapped(fn, inputs, mapped, copies):
    """vmap: `fn` of each copy, stacked."""
    outs = [fn([np.asarray(x[i]) if is_mapped else x for x, is_mapped in zip(inputs, mapped)]) for i in range(copies)]
    return [np.stack([out[k] for out in outs]) for k in range(len(outs[0]))]


def fourth(at, h):
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def slope(at, h):
    """Derivative at 0 of an array-valued function, and how far it is unsure: infinite at a kink."""
    d, half = fourth(at, h), fourth(at, h / 2)
    bend = np.abs(at(h) - 2 * at(0) + at(-h)) / h
    half_bend = np.abs(at(h / 2) - 2 * at(0) + at(-h / 2)) / (h / 2)
    unsure = np.abs(d - half)
    is_kink = (half_bend > 0.75 * bend) & (half_bend > 1e-6 * (1 + np.abs(half)))
    # Nothing is said about the slope at a point that has no value.
    is_open = is_kink | ~np.isfinite(unsure) | ~np.isfinite(at(0))
    return half, np.where(is_open, np.inf, unsure)


def is_bent(at, h):
    """Whether the slope is another one on the other side of 0: halving the step halves the bend of a smooth function."""
    bend = np.abs(at(h) - 2 * at(0.0) + at(-h))
    half_bend = np.abs(at(h / 2) - 2 * at(0.0) + at(-h / 2))
    return (half_bend > 0.375 * bend) & (half_bend > 1e-6 * h)


def gradient(loss, inputs, which, h):
    """Of a scalar with respect to the inputs `which`, element by element."""
    found = []
    for k in which:
        x = inputs[k]
        g, unsure = np.zeros(x.shape), np.zeros(x.shape)
        for at in np.ndindex(*x.shape):
            def moved(t):
                own = np.array(x)
                own[at] += t
                return loss([own if i == k else other for i, other in enumerate(inputs)])
            g[at], unsure[at] = slope(moved, h)
        found.append((g, unsure))
    return found


class Judge:
    def __init__(self, case):
        self.case = case
        self.program = Program(case)
        self.floats = [i for i, one in enumerate(case["inputs"]) if one["dtype"].startswith("float")]
        self.mapped = case["isMapped"]
        self.inner = self.mapped[-1:] + self.mapped[:-1]
        self.copies = case["copies"]
        self.dtype = case["nodes"][-1]["dtype"]

    def inputs(self, is_native=False):
        made = []
        for one in self.case["inputs"]:
            wide = "int64" if "int" in one["dtype"] else "bool" if one["dtype"] == "bool" else "float64"
            data = np.frombuffer(base64.b64decode(one["data"]), "<f8").reshape(one["shape"])
            made.append(data.astype(one["dtype"] if is_native else wide))
        return made

    def value(self, inputs, **how):
        run = lambda own: [self.program.run(own, **how)]
        if self.case["transform"] == "value":
            return run(inputs)
        if self.case["transform"] == "vmap":
            return one_mapped(run, inputs, self.mapped, self.copies)
        inner = lambda own: one_mapped(run, own, self.inner, self.copies)
        return one_mapped(inner, inputs, self.mapped, self.copies)

    def values(self):
        ref = self.value(self.inputs())
        node = self.case["nodes"][-1]
        dtype = self.dtype
        dev = [np.zeros(one.shape) for one in ref]
        if dtype in EPS:
            for trial in range(TRIALS):
                moved = self.value(self.inputs(), rng=np.random.default_rng(trial))
                for k, (a, b) in enumerate(zip(moved, ref)):
                    same = (a == b) | (np.isnan(a) & np.isnan(b))
                    dev[k] = np.maximum(dev[k], np.where(same, 0, np.abs(a - b)))
        else:
            # Whole numbers and truths: unjudged where a rounding decides.
            for trial in range(TRIALS):
                moved = self.value(self.inputs(), rng=np.random.default_rng(trial))
                for k, (a, b) in enumerate(zip(moved, ref)):
                    dev[k] = np.maximum(dev[k], np.where(a == b, 0, np.inf))
        native = None
        try:
            native = self.value(self.inputs(True), is_native=True)
        except Exception:
            pass
        outs = []
        for k, one in enumerate(ref):
            tolerance = 4 * dev[k]
            if dtype in EPS:
                tolerance = tolerance + node["ulps"] * 2 * EPS[dtype] * np.where(np.isfinite(one), np.abs(one), 0)
                # A function may take a subnormal number inside of it for 0, and multiply by some hundreds after.
                tolerance = tolerance + 1024 * TINY[dtype]
            outs.append(self.out(one, tolerance, None if native is None else native[k]))
        return outs

    def derivatives(self):
        transform, run = self.case["transform"], self.program.run
        loss = lambda own: np.sum(run(own) * weights(np.shape(run(own))))
        h = 1e-3
        inputs = self.inputs()

        def scaled(pairs):
            # Errors of a derivative are relative to the largest elements of it.
            least = max([0.0] + [float(np.max(np.abs(g[np.isfinite(g)]), initial=0)) for g, _ in pairs])
            outs = []
            for g, unsure in pairs:
                relative, floor = (1e-3, 2e-6) if "float32" in self.kinds() else (1e-6, 1e-9)
                if self.program.is_singular:
                    unsure = np.full(np.shape(g), np.inf)
                outs.append(self.out(g, 10 * unsure + relative * (np.abs(g) + 0.1 * least) + floor, None))
            return outs

        if transform == "jvp":
            directions = [weights(x.shape) if i in self.floats else None for i, x in enumerate(inputs)]
            def at(t):
                return run([x if d is None else x + t * d for x, d in zip(inputs, directions)])
            return scaled([slope(at, h)])
        if transform == "grad":
            return scaled(gradient(loss, inputs, self.floats, h))
        if transform == "vmapGrad":
            # Shared inputs have a gradient per copy.
            rows = []
            for i in range(self.copies):
                own = [np.asarray(x[i]) if m else x for x, m in zip(inputs, self.mapped)]
                rows.append(gradient(loss, own, self.floats, h))
            return scaled([tuple(np.stack([row[k][j] for row in rows]) for j in (0, 1)) for k in range(len(self.floats))])
        if transform == "gradVmap":
            def total(own):
                out = one_mapped(lambda one: [run(one)], own, self.mapped, self.copies)[0]
                return np.sum(out * out * 0.5 + out * weights(out.shape))
            return scaled(gradient(total, inputs, self.floats, h))
        if transform == "jvpGrad":
            directions = [weights(x.shape) if i in self.floats else None for i, x in enumerate(inputs)]
            step = 4e-3
            def along(t):
                own = [x if d is None else x + t * d for x, d in zip(inputs, directions)]
                return gradient(loss, own, self.floats, step)
            points = {t: along(t) for t in (-2 * step, -step, -step / 2, 0.0, step / 2, step, 2 * step)}
            pairs = []
            for k in range(len(self.floats)):
                at = lambda t: points[t][k][0]
                d = fourth(at, step)
                half = (at(step / 2) - at(-step / 2)) / step
                whole = (at(step) - at(-step)) / (2 * step)
                unsure = np.maximum.reduce([points[t][k][1] for t in points]) / step
                near = (4 * half - whole) / 3
                pairs.append((d, np.where(is_bent(at, step), np.inf, unsure + np.abs(d - near))))
            return scaled(pairs)
        raise ValueError(transform)

    def kinds(self):
        return [one["dtype"] for one in self.case["inputs"]] + [one["dtype"] for one in self.case["nodes"]]

    def out(self, value, tolerance, native):
        code = lambda array: base64.b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode()
        made = {"shape": list(np.shape(value)), "data": code(value), "tolerance": code(tolerance)}
        if native is not None:
            made["native"] = code(native)
        return made

    def outputs(self):
        if self.case["transform"] in ("value", "vmap", "vmapVmap"):
            return self.values()
        return self.derivatives()


for line in iter(sys.stdin.readline, ""):
    try:
        answer = {"outputs": Judge(json.loads(line)).outputs()}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
