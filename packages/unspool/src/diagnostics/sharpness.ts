/**
 * How sharp a minimum is: the largest eigenvalue of the Hessian by power iteration and its trace by Hutchinson's
 * estimator, from products of the Hessian with vectors. Yao, Gholami, Keutzer and Mahoney 2020.
 *
 *     v ← (H - shift · I) v / ‖·‖,  largest = vᵀ H v;      trace = mean over random signs z of zᵀ H z
 */
import { type Key, type Tensor, np, random, scan, tree } from "../array/index.ts";
import { requireInteger, requirePositive, requireKnownOptions } from "../errors.ts";
import { type Objective, hessianProduct } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";

export interface SharpnessOptions {
  /** Products with the Hessian that power iteration may take, per sign of the eigenvalue. Default 200. */
  iterations?: number;
  /** Relative change of the eigenvalue over ten iterations that counts as none. Default 1e-3. */
  tolerance?: number;
  /** Vectors of random signs for the trace; 0 leaves it out. Default 16. */
  probes?: number;
}

export interface Sharpness {
  /** Largest eigenvalue (not the largest in size: directions that curve down do not count). */
  largest: number;
  /** ‖H v - largest · v‖ at the last unit vector v: at least one eigenvalue is within that of `largest`. */
  residual: number;
  /** Products that power iteration took. */
  iterations: number;
  /** NaN without probes. */
  trace: number;
  /** Standard error of the trace; NaN with fewer than two probes. */
  traceError: number;
}

/** Iterations per call of the program. */
const chunk = 10;

/**
 * A function that measures the Hessian of `loss` at a theta. Cost per measurement: up to `iterations` (twice that
 * where an eigenvalue below 0 is the largest in size) and `probes` products with the Hessian, each about three
 * gradients.
 *
 * @example
 * const measure = sharpness((theta: Layer[]) => crossEntropy(theta, train));
 * const { largest } = measure(theta, random.key(0));
 */
export function sharpness<Theta>(
  loss: (theta: Theta) => Tensor,
  options: SharpnessOptions = {},
): (theta: Theta, key: Key) => Sharpness {
  requireKnownOptions("sharpness", options, ["iterations", "tolerance", "probes"]);
  const { iterations = 200, tolerance = 1e-3, probes = 16 } = options;
  requireInteger("sharpness", "iterations", iterations, 1);
  requirePositive("sharpness", "tolerance", tolerance);
  requireInteger("sharpness", "probes", probes, 0);
  const objective: Objective<Theta> = { loss };
  const power = compiled("sharpness.power", powerSteps(objective)) as Power<Theta>;
  const probe = compiled("sharpness.trace", quadraticForm(objective)) as Probe<Theta>;
  return (theta, key) => {
    const tensors = tree.tensors(theta) as Theta;
    const start = floats(tensors).map((leaf, i) =>
      random.normal(random.foldIn(random.foldIn(key, "start"), i), leaf.shape, { dtype: floatType(leaf) }),
    );
    const iterate = (shift: number) => iterated(power, tensors, start, shift, { iterations, tolerance });
    let found = iterate(0);
    let spent = found.iterations;
    if (found.value < 0) {
      // The largest in size curves down: shifted by it, the largest is the largest in size.
      found = iterate(found.value);
      spent += found.iterations;
    }
    const forms = Array.from({ length: probes }, (_, i) =>
      probe(tensors, random.foldIn(random.foldIn(key, "trace"), i)).item(),
    );
    const trace = forms.reduce((sum, form) => sum + form, 0) / probes;
    const squares = forms.reduce((sum, form) => sum + (form - trace) ** 2, 0);
    return {
      largest: found.value,
      residual: found.residual,
      iterations: spent,
      trace,
      traceError: Math.sqrt(squares / (probes - 1) / probes),
    };
  };
}

type Power<Theta> = (
  theta: Theta,
  v: Tensor[],
  shift: Tensor,
) => { v: Tensor[]; value: Tensor; residual: Tensor };
type Probe<Theta> = (theta: Theta, key: Key) => Tensor;

function iterated<Theta>(
  power: Power<Theta>,
  theta: Theta,
  start: Tensor[],
  shift: number,
  { iterations, tolerance }: { iterations: number; tolerance: number },
): { value: number; residual: number; iterations: number } {
  let v = start;
  let [value, residual, spent] = [NaN, NaN, 0];
  while (spent < iterations) {
    const next = power(theta, v, tree.scalar(shift, tree.floatType(start)));
    const change = Math.abs(next.value.item() - value);
    [v, value, residual] = [next.v, next.value.item(), next.residual.item()];
    spent += chunk;
    if (change <= tolerance * Math.abs(value)) break;
  }
  return { value, residual, iterations: spent };
}

/** `chunk` steps of power iteration on H - shift · I, and the Rayleigh quotient of H at the last vector but one. */
function powerSteps<Theta>(objective: Objective<Theta>): Power<Theta> {
  return (theta, v, shift) => {
    const step = (vector: Tensor[]): [Tensor[], { value: Tensor; residual: Tensor }] => {
      const unit = scaledBy(vector, np.reciprocal(norm(vector)));
      const image = hessianProduct(objective, theta, unit);
      const value = inner(unit, image);
      const miss = image.map((x, i) => x.sub(unit[i]!.mul(value.astype(x.dtype))));
      const next = image.map((x, i) => x.sub(unit[i]!.mul(shift.astype(x.dtype))));
      return [next, { value, residual: norm(miss) }];
    };
    const [last, { value, residual }] = scan(step, v, undefined, { length: chunk });
    return { v: last, value: value.slice(-1), residual: residual.slice(-1) };
  };
}

/** zᵀ H z for random signs z. */
function quadraticForm<Theta>(objective: Objective<Theta>): Probe<Theta> {
  return (theta, key) => {
    const signs = floats(theta).map((leaf, i) =>
      random.rademacher(random.foldIn(key, i), leaf.shape, { dtype: floatType(leaf) }),
    );
    return inner(signs, hessianProduct(objective, theta, signs));
  };
}

const floatType = (leaf: Tensor): "float32" | "float64" => (leaf.dtype === "float64" ? "float64" : "float32");

const floats = (theta: unknown): Tensor[] =>
  tree.leaves(theta).filter(({ dtype }) => dtype === "float32" || dtype === "float64");

/** In float64: sums over many elements. */
function inner(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  return a.map((x, i) => x.mul(b[i]!).astype("float64").sum()).reduce((sum, term) => sum.add(term));
}

/** A vector of zeros has the norm 1e-30, so that it stays one. */
const norm = (v: readonly Tensor[]): Tensor => np.maximum(np.sqrt(inner(v, v)), 1e-30);

const scaledBy = (v: readonly Tensor[], factor: Tensor): Tensor[] =>
  v.map((x) => x.mul(factor.astype(x.dtype)));
