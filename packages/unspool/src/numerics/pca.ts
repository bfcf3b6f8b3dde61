/**
 * Principal components of a cloud of states: the directions in which it is widest, eigenvectors of its covariance.
 */
import { OptionError } from "../errors.ts";
import { falling } from "./topEigenvectors.ts";

export interface PrincipalComponents {
  /** [n]. */
  mean: Float64Array;
  /** Unit vectors [n], the widest first; the largest element of each is positive. */
  components: Float64Array[];
  /** Along each component, falling. */
  variances: Float64Array;
  /** Share of the variance in the first 1, 2, … components. */
  explained: Float64Array;
  /** Coordinates of a state along the components. */
  project(state: Float64Array): Float64Array;
}

/** Cost: N n² for N states of n numbers, and about 8 n³. */
export function pca(states: readonly Float64Array[]): PrincipalComponents {
  if (states.length === 0) throw new OptionError("pca", "states", states, "at least one state");
  const n = states[0]!.length;
  const mean = new Float64Array(n);
  for (const state of states) for (let i = 0; i < n; i++) mean[i]! += state[i]! / states.length;
  const covariance = new Float64Array(n * n);
  const centred = new Float64Array(n);
  for (const state of states) {
    for (let i = 0; i < n; i++) centred[i] = state[i]! - mean[i]!;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) covariance[i * n + j]! += (centred[i]! * centred[j]!) / states.length;
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) covariance[j * n + i] = covariance[i * n + j]!;
  const { values, vectors } = falling(covariance, n);
  const components = vectors.map(withPositiveTop);
  const variances = values.map((x) => Math.max(0, x));
  const total = variances.reduce((sum, x) => sum + x, 0);
  let [reached] = [0];
  return {
    mean,
    components,
    variances,
    explained: variances.map((x) => (total === 0 ? 1 : (reached += x) / total)),
    project: (state) =>
      Float64Array.from(components, (unit) =>
        unit.reduce((sum, x, i) => sum + x * (state[i]! - mean[i]!), 0),
      ),
  };
}

function withPositiveTop(vector: Float64Array): Float64Array {
  const top = vector.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0);
  return top < 0 ? vector.map((x) => -x) : vector;
}
