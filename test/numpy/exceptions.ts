/**
 * Everything that is let pass although NumPy says otherwise, with its reason. Nothing else is, apart from what
 * `judge.py` cannot know: derivatives at kinks and at points without a value, and whole numbers that a rounding decides.
 */
import { type Case, type Way } from "./case.ts";
import type { Failure } from "./compare.ts";

export interface Exception {
  readonly reason: string;
  readonly allows: (one: Case, way: Way, failure: Failure) => boolean;
}

/** One function alone, of float32, computed by jax-js: eagerly, or in a scan that was not compiled. */
function isOfJax(one: Case, way: Way, names: readonly string[]): boolean {
  const [{ name }] = one.nodes as [Case["nodes"][number]];
  return (
    one.nodes.length === 1 &&
    names.includes(name) &&
    (way === "eager" || way === "scan") &&
    one.nodes[0]!.dtype === "float32"
  );
}

const near = ({ got = NaN, wanted = NaN }: Failure, relative: number, absolute: number): boolean =>
  Math.abs(got - wanted) <= relative * Math.abs(wanted) + absolute;

export const exceptions: readonly Exception[] = [
  {
    reason:
      "float32 exp of jax-js loses a digit where its operand is large (engine: 1.3 ulp): x log2 e is rounded, which is 2^-18 near 2^127, and so is log2 e: 4e-6",
    allows: (one, way, failure) =>
      isOfJax(one, way, ["exp", "exp2", "expm1", "sinh", "cosh"]) && near(failure, 4e-6, 0),
  },
  {
    reason:
      "zeros of padding are multiplied, as in JAX: beside a NaN or an infinity a convolution may have a NaN where NumPy has none, and where none are multiplied the other way about",
    allows: ({ nodes, inputs }, _way, { got = 0, wanted = 0 }) =>
      nodes.some(({ name }) => ["convolve", "correlate", "convGeneralDilated"].includes(name)) &&
      inputs.some(({ data }) => data.some((x) => !Number.isFinite(x))) &&
      (Number.isNaN(got) || Number.isNaN(wanted)),
  },
  {
    reason:
      "elimination multiplies what is infinite in another order: infinity or NaN, as it comes (docs/numerics.md)",
    allows: ({ nodes, inputs }, _way, { got = 0, wanted = 0 }) =>
      nodes.some(({ name }) => ["solve", "inv", "triangularSolve"].includes(name)) &&
      inputs.some(({ data }) => data.some((x) => !Number.isFinite(x))) &&
      !Number.isFinite(got) &&
      !Number.isFinite(wanted),
  },
  {
    reason:
      "a derivative that is 0 because opposite terms cancel (of x beside x, of one element taken more than once): each is right to a few units of float32",
    allows: ({ nodes, transform }, _way, failure) =>
      !["value", "vmap", "vmapVmap"].includes(transform) &&
      Math.abs(failure.wanted ?? NaN) < 1e-9 &&
      near(failure, 0, 1e-4) &&
      nodes.some(
        ({ name, operands: [x, y] }) =>
          name === "take" || (y !== undefined && JSON.stringify(x) === JSON.stringify(y)),
      ),
  },
  {
    reason:
      "0 times a slope that is not finite is NaN, as in JAX: at the end of a domain (acos of a softmax over one element), and in the other steps of the scan, whose inputs are turned round and may lie outside of it",
    allows: ({ nodes, transform }, way, { got = 0, wanted = NaN }) =>
      Number.isNaN(got) &&
      !["value", "vmap", "vmapVmap"].includes(transform) &&
      nodes.some(
        ({ name }) =>
          (wanted === 0 && ["acos", "asin", "acosh", "atanh"].includes(name)) ||
          (way === "scan" && ["log", "log2", "log10", "log1p", "sqrt", "power"].includes(name)),
      ),
  },
  {
    reason:
      "NumPy looks at no axis where it takes 0 differences, and pairs labels of another length by broadcasting",
    allows: ({ nodes, isInvalid }, _way, { kind }) =>
      isInvalid && kind === "refused" && ["diff", "softmaxCrossEntropy"].includes(nodes.at(-1)!.name),
  },
  {
    reason:
      "sums of products that overflow on the way are infinite or NaN by the order in which they are added; NumPy's value is computed in float64",
    allows: ({ nodes, inputs }, _way, { got = 0, wanted = 0 }) =>
      nodes.some(({ name }) =>
        ["matmul", "dot", "tensordot", "inner", "vdot", "vecdot", "einsum"].includes(name),
      ) &&
      inputs.some(({ data }) => data.some((x) => Math.abs(x) > 1e29)) &&
      !Number.isFinite(got) &&
      !Number.isFinite(wanted),
  },
  {
    reason: "remainders of float64 whose quotient has more than 53 bits are NaN (docs/numerics.md)",
    allows: ({ nodes }, _way, { got = 0 }) =>
      ["mod", "remainder", "fmod"].includes(nodes[0]!.name) &&
      nodes[0]!.dtype === "float64" &&
      Number.isNaN(got),
  },
  {
    reason: "a quantile between two equal infinities is that infinity; NumPy takes their difference",
    allows: ({ nodes }, _way, { got = 0, wanted = 0 }) =>
      ["quantile", "percentile", "median"].includes(nodes[0]!.name) &&
      Math.abs(got) === Infinity &&
      Number.isNaN(wanted),
  },
];
