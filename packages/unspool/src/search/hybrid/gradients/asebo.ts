/**
 * Adaptive sample-efficient blackbox optimization (Choromanski, Pacchiano, Parker-Holder, Tang, Sindhwani, "From Complexity
 * to Simplicity: Adaptive ES-Active Subspaces for Blackbox Optimization", NeurIPS 2019). After a warm-up with directions
 * drawn everywhere, they are drawn mostly within the subspace U of recent gradients, which also says how many are needed:
 *
 *     g ~ N(0, (alpha / d) I + ((1 - alpha) / n_t) U Uᵀ),   made of length 1;    ∇ = 1 / (2 sigma) Σ (f⁺ - f⁻) g
 *     alpha ← |∇ outside of U| / |∇ within U|
 *
 * U are the first principal components of past gradients (weights falling by 0.99 a step) that hold 99.5 % of their
 * variance, at least 10. The authors' code multiplies normal vectors by the wrong triangle of Cholesky's factor; this one
 * adds the two parts, so that the covariance is the one above. The gradient is not rescaled: with their optimizer,
 * `adam({ learningRate: 0.05 })`, its length does not matter.
 */
import { type RandomStream, type Tensor, type Tree, np } from "../../../array/index.ts";
import { requireInteger } from "../../../errors.ts";
import { pca, symmetricEigensystem, vectorNorm } from "../../../numerics/index.ts";
import { normals } from "../ensembles/normals.ts";
import { floats, floatsOf } from "../hostTensors.ts";
import { antitheticGradient } from "./antithetic.ts";
import { type EsGradient, type EsGradientOptions, normalised } from "./esGradient.ts";

/** Past gradients that are kept: the next would weigh 0.99^512 = 0.6 % of the newest. */
const kept = 512;
const decay = 0.99;
const explainedVariance = 0.995;
const leastDirections = 10;

interface AseboState extends Record<string, Tensor> {
  /** Past gradients, [steps, d], the newest last, weighed. */
  history: Tensor;
  /** Share of the directions that is drawn everywhere. */
  alpha: Tensor;
  /** Steps so far. */
  step: Tensor;
  /** Orthonormal rows [n_t, d] of the present subspace; [0, d] in the warm-up. */
  subspace: Tensor;
}

export function asebo({
  topK = null,
  normalizeValues = true,
  warmUp = 70,
}: EsGradientOptions = {}): EsGradient {
  requireInteger("asebo", "warmUp", warmUp, 1);
  return {
    init: (size) => stateOf(new Float64Array(0), size, 1, 0, new Float64Array(0)),
    directions(state, random, count, size) {
      const { alpha, subspace } = state as AseboState;
      const n = subspace.shape[0]!;
      const rows = n === 0 ? count : n;
      return unitDirections(random, rows, size, alpha.item(), floatsOf(subspace));
    },
    estimate(given, evaluations) {
      const { history, step, alpha, subspace } = given as AseboState;
      const { size, plus } = evaluations;
      const { directions, ...rest } = normalizeValues ? normalised(evaluations) : evaluations;
      // A sum over directions of length 1, where `antitheticGradient` is a mean.
      const gradient = antitheticGradient({ ...rest, directions }, topK).map((x) => x * plus.length);
      const past = pushed(floatsOf(history), gradient, size);
      const next = step.item() + 1;
      const share =
        next > warmUp && subspace.shape[0]! > 0 ? shareOutside(gradient, floatsOf(subspace)) : alpha.item();
      const rows = next >= warmUp ? activeSubspace(past, size) : new Float64Array(0);
      return {
        gradient,
        state: stateOf(past, size, share, next, rows),
        metrics: { alpha: alpha.item(), directions: plus.length },
      };
    },
  };
}

function stateOf(
  history: Float64Array,
  size: number,
  alpha: number,
  step: number,
  subspace: Float64Array,
): Tree {
  return {
    history: floats(history, [history.length / size, size]),
    alpha: np.array(alpha, { dtype: "float64" }),
    step: np.array(step, { dtype: "int32" }),
    subspace: floats(subspace, [subspace.length / size, size]),
  };
}

function unitDirections(
  random: RandomStream,
  count: number,
  size: number,
  alpha: number,
  subspace: Float64Array,
): Float64Array {
  const n = subspace.length / size;
  const everywhere = Math.sqrt((n === 0 ? 1 : alpha) / size);
  const within = n === 0 ? 0 : Math.sqrt((1 - alpha) / n);
  const rows = new Float64Array(count * size);
  for (let i = 0; i < count; i++) {
    const row = normals(random, size).map((x) => x * everywhere);
    normals(random, n).forEach((w, k) => {
      for (let j = 0; j < size; j++) row[j]! += within * w * subspace[k * size + j]!;
    });
    const length = vectorNorm(row);
    rows.set(
      row.map((x) => x / length),
      i * size,
    );
  }
  return rows;
}

function pushed(history: Float64Array, gradient: Float64Array, size: number): Float64Array {
  const from = Math.max(0, history.length - (kept - 1) * size);
  const next = new Float64Array(history.length - from + size);
  for (let i = from; i < history.length; i++) next[i - from] = decay * history[i]!;
  next.set(gradient, next.length - size);
  return next;
}

/** |∇ outside of U| / |∇ within U|, at most 1: it is a share. */
function shareOutside(gradient: Float64Array, subspace: Float64Array): number {
  const size = gradient.length;
  const outside = gradient.slice();
  let within = 0;
  for (let k = 0; k < subspace.length; k += size) {
    let along = 0;
    for (let j = 0; j < size; j++) along += subspace[k + j]! * gradient[j]!;
    for (let j = 0; j < size; j++) outside[j]! -= along * subspace[k + j]!;
    within += along * along;
  }
  const share = vectorNorm(outside) / Math.sqrt(within);
  return Number.isFinite(share) ? Math.min(1, share) : 1;
}

/** Rows that hold `explainedVariance` of past gradients, at least `leastDirections` where there are so many. */
function activeSubspace(history: Float64Array, size: number): Float64Array {
  const { variances, components } = principalRows(history, size);
  const total = variances.reduce((sum, x) => sum + x, 0);
  let [count, reached] = [0, 0];
  while (count < components.length && (count < leastDirections || reached <= explainedVariance * total))
    reached += variances[count++]!;
  const rows = new Float64Array(count * size);
  components.slice(0, count).forEach((component, k) => rows.set(component, k * size));
  return rows;
}

/** Principal components of few long rows through their products with each other, of many short ones as they are. */
function principalRows(
  history: Float64Array,
  size: number,
): { variances: Float64Array; components: Float64Array[] } {
  const count = history.length / size;
  if (count >= size) {
    return pca(Array.from({ length: count }, (_, i) => history.subarray(i * size, (i + 1) * size)));
  }
  const centred = history.slice();
  for (let j = 0; j < size; j++) {
    let mean = 0;
    for (let i = 0; i < count; i++) mean += history[i * size + j]! / count;
    for (let i = 0; i < count; i++) centred[i * size + j]! -= mean;
  }
  const products = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k <= i; k++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += centred[i * size + j]! * centred[k * size + j]!;
      products[i * count + k] = products[k * count + i] = sum / count;
    }
  }
  const { values, vectors } = symmetricEigensystem({ size: count, entries: products });
  const found: Float64Array[] = [];
  const variances: number[] = [];
  for (let k = count - 1; k >= 0; k--) {
    // Centred rows are dependent: what rounding leaves is no direction.
    if (!(values[k]! > 1e-12 * values[count - 1]!)) break;
    const component = new Float64Array(size);
    for (let i = 0; i < count; i++) {
      const w = vectors[k * count + i]!;
      for (let j = 0; j < size; j++) component[j]! += w * centred[i * size + j]!;
    }
    const length = vectorNorm(component);
    found.push(component.map((x) => x / length));
    variances.push(values[k]!);
  }
  return { variances: Float64Array.from(variances), components: found };
}
