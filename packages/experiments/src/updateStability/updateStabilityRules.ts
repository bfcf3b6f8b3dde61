/** One Hessian, one learned rule, and what the biases of STAR make of it: the example of `update-stability`. */

/** Eigenvalues of H. */
export const curvatures: readonly number[] = [0.05, 0.1, 0.5, 1, 2, 4];

const n = curvatures.length;
const indices = curvatures.map((_, i) => i);
/** Orthogonal: the reflection I - 2 v vᵀ / vᵀv with v = (1, …, 6). */
const basis = indices.map((i) =>
  indices.map((j) => (i === j ? 1 : 0) - (2 * (i + 1) * (j + 1)) / ((n * (n + 1) * (2 * n + 1)) / 6)),
);

/** Q diag(values) Qᵀ [n][n]. */
function rotated(values: readonly number[]): number[][] {
  return basis.map((a) => basis.map((b) => values.reduce((sum, c, k) => sum + a[k]! * c * b[k]!, 0)));
}

/** H [n][n]. */
export const hessian: readonly (readonly number[])[] = rotated(curvatures);

/** P [n][n] times `decay`: entries of size 0.15 without symmetry. */
export function learnedRule(decay: number): number[][] {
  return indices.map((i) =>
    indices.map((j) => decay * 0.15 * Math.cos(1 + 1.7 * i + 2.9 * j * (1 + 0.3 * i))),
  );
}

export interface Variant {
  name: string;
  nominalStep: number;
  /** Factor of P: what weight decay of its parameters leaves. */
  decay: number;
  isPreconditioned: boolean;
}

export const variants: readonly Variant[] = [
  { name: "blackbox", nominalStep: 0, decay: 1, isPreconditioned: false },
  { name: "nominal step", nominalStep: 0.2, decay: 1, isPreconditioned: false },
  { name: "decay", nominalStep: 0, decay: 0.25, isPreconditioned: false },
  { name: "preconditioner", nominalStep: 0, decay: 1, isPreconditioned: true },
  { name: "all three", nominalStep: 0.2, decay: 0.25, isPreconditioned: true },
];

/** The matrix R of φ ← φ - R ∇: αI + P, or H^(-1/2) (αI + P) [n][n]. */
export function ruleOf({ nominalStep, decay, isPreconditioned }: Variant): number[][] {
  const rule = learnedRule(decay).map((row, i) => row.map((x, j) => x + (i === j ? nominalStep : 0)));
  if (!isPreconditioned) return rule;
  const inverseRoot = rotated(curvatures.map((c) => 1 / Math.sqrt(c)));
  return indices.map((i) =>
    indices.map((j) => indices.reduce((sum, k) => sum + inverseRoot[i]![k]! * rule[k]![j]!, 0)),
  );
}
