/**
 * Functions of logits [d] along a direction v, with their gradients, as power series: coefficient k holds
 *
 *     f_k = D_v^k f / k!   and   grad f_k,   k = 0 … order - 1,
 *
 * flat: f_0, grad f_0, f_1, grad f_1, …. The gradient of coefficient k is a derivative of order k + 1.
 */
import { type PolicyTable, policyOf } from "../environments/tabularMdp.ts";

/** [order · (d + 1)]. */
export type Jet = Float64Array;

export interface JetShape {
  /** Logits, d. */
  size: number;
  /** Highest order of derivative. */
  order: number;
}

export const zeroJet = ({ size, order }: JetShape): Jet => new Float64Array(order * (size + 1));

/** to += by · x. */
export function addScaledJet(to: Jet, x: Jet, by: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += by * x[i]!;
}

/** to += by · x y. */
export function addProductJet(to: Jet, x: Jet, y: Jet, { size, order }: JetShape, by = 1): void {
  const row = size + 1;
  for (let i = 0; i < order; i++) {
    for (let j = 0; i + j < order; j++) {
      const a = i * row;
      const b = j * row;
      const c = a + b;
      const xi = by * x[a]!;
      const yj = by * y[b]!;
      to[c]! += xi * y[b]!;
      for (let n = 1; n <= size; n++) to[c + n]! += xi * y[b + n]! + yj * x[a + n]!;
    }
  }
}

/** to += by · exp(x - x_0): the magic box of a log-probability. */
export function addBoxJet(to: Jet, x: Jet, { size, order }: JetShape, by: number): void {
  const row = size + 1;
  const values = Float64Array.from({ length: order }, (_, k) => x[k * row]!);
  const series = new Float64Array(order);
  writeBoxSeries(series, values, by);
  for (let k = 0; k < order; k++) {
    to[k * row]! += series[k]!;
    for (let j = 0; j <= k; j++) {
      const factor = series[k - j]!;
      for (let n = 1; n <= size; n++) to[k * row + n]! += factor * x[j * row + n]!;
    }
  }
}

/** by · exp(x - x_0) for a power series x without gradients. */
export function writeBoxSeries(to: Float64Array, x: Float64Array, by: number): void {
  to[0] = by;
  for (let k = 1; k < to.length; k++) {
    let sum = 0;
    for (let j = 1; j <= k; j++) sum += j * x[j]! * to[k - j]!;
    to[k] = sum / k;
  }
}

/** Derivatives of order 1 … order: the gradient of D_v^k for k from 0, each [d]. */
export function derivativesOf(jet: Jet, { size, order }: JetShape): Float64Array[] {
  let factorial = 1;
  return Array.from({ length: order }, (_, k) => {
    if (k > 0) factorial *= k;
    const start = k * (size + 1) + 1;
    return jet.slice(start, start + size).map((x) => factorial * x);
  });
}

/** log p of each state and action along v, without its constant: jets [state][action]. */
export function logPolicyJets(logits: PolicyTable, direction: Float64Array, shape: JetShape): Jet[][] {
  const actions = logits[0]!.length;
  const row = shape.size + 1;
  return policyOf(logits).map((chances, s) => {
    const along = direction.subarray(s * actions, (s + 1) * actions);
    const series = chanceSeries(chances, along, shape.order);
    return chances.map((_, a) => {
      const jet = zeroJet(shape);
      for (let k = 0; k < shape.order; k++) {
        // grad log p_a = e_a - p, and D_v^k log p_a is the product of v with the gradient of D_v^(k - 1).
        along.forEach((v, b) => {
          const slope = Number(k === 0 && a === b) - series[k]![b]!;
          jet[k * row + 1 + s * actions + b] = slope;
          if (k + 1 < shape.order) jet[(k + 1) * row]! += (v * slope) / (k + 1);
        });
      }
      return jet;
    });
  });
}

/** Probabilities of the actions along v, [coefficient][action]: p_b exp(t v_b) over its sum. */
function chanceSeries(chances: readonly number[], along: Float64Array, order: number): number[][] {
  const powers = chances.map((p, b) => {
    let term = p;
    return Array.from({ length: order }, (_, k) => (k === 0 ? term : (term *= along[b]! / k)));
  });
  const total = Array.from({ length: order }, (_, k) => powers.reduce((sum, terms) => sum + terms[k]!, 0));
  const series: number[][] = [];
  for (let k = 0; k < order; k++) {
    series.push(
      powers.map((terms, b) => {
        let value = terms[k]!;
        for (let j = 1; j <= k; j++) value -= total[j]! * series[k - j]![b]!;
        return value;
      }),
    );
  }
  return series;
}
