/** How the geometry stands at some parameters: what damping is for, and how far a natural step would go. */
import type { Tensor } from "../../array/index.ts";
import { symmetricEigensystem } from "../../numerics/index.ts";
import type { QuantumModel } from "../models/quantumModel.ts";

export interface MetricReport {
  /** Of the information matrix, rising. */
  eigenvalues: readonly number[];
  /** The largest over the smallest; Infinity where that is not above 0. */
  condition: number;
  /** |∇L| in the inverse metric, √(∇Lᵀ g⁻¹ ∇L), over eigenvalues above 1e-12 of the largest; where a gradient was given. */
  naturalGradientNorm?: number;
}

/** Eigenvalues of the model's metric at theta, and the length of a gradient in it. Cost: about 8 P³ operations. */
export function metricReport<Theta>(
  model: QuantumModel<Theta>,
  theta: Theta,
  gradient?: Theta,
): MetricReport {
  const metric = model.metric(theta);
  const size = metric.shape[0]!;
  const { values, vectors } = symmetricEigensystem({ size, entries: Float64Array.from(metric.data) });
  const [least, most] = [values[0]!, values[size - 1]!];
  const condition = least > 0 ? most / least : Infinity;
  const report = { eigenvalues: [...values], condition };
  if (gradient === undefined) return report;
  const flat: Tensor = model.flatten(gradient);
  let square = 0;
  values.forEach((value, i) => {
    if (value <= 1e-12 * most) return;
    let along = 0;
    for (let j = 0; j < size; j++) along += vectors[i * size + j]! * flat.data[j]!;
    square += along ** 2 / value;
  });
  return { ...report, naturalGradientNorm: Math.sqrt(square) };
}
