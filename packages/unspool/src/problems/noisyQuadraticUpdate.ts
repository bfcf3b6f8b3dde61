/**
 * A linear update rule on a noisy quadratic: what becomes of mean and covariance of the parameters, exactly. Instability
 * of the rule and explosion of its meta-gradient are here one and the same.
 *
 *     l_t(φ) = ½ (φ - ξ_t)ᵀ H (φ - ξ_t),   ξ_t ~ N(0, S)
 *     φ ← φ - B (α I + P) H (φ - ξ_t):   μ ← A μ,   Σ ← A Σ Aᵀ + (I - A) S (I - A)ᵀ,   A = I - B (α I + P) H
 *     E l_t = ½ (μᵀ H μ + tr H (Σ + S))
 *
 * A rule that is preconditioned at its output is B (α I + P) with B = H^(-1/2) (lemma 2); else B is I.
 *
 * Harrison, Metz and Sohl-Dickstein, NeurIPS 2022, section 4. What becomes of it in the long run says `updateStability`. The loss of a step is that after it.
 */
import { type Tensor, np } from "../array/index.ts";
import { OptionError, requireKnownOptions } from "../errors.ts";
import { positiveDefinite } from "../numerics/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

export interface NoisyQuadraticUpdateOptions {
  /** H [n][n], symmetric positive definite. */
  hessian: readonly (readonly number[])[];
  /** S [n][n]: covariance of the minimum. */
  noise: readonly (readonly number[])[];
  /** φ before the first step [n]. */
  start: readonly number[];
  /** Steps T. Default 10. */
  horizon?: number;
  /** Whether the rule is multiplied by H^(-1/2). Default false. */
  isPreconditioned?: boolean;
}

/** The rule: α (scalar) and P [n, n]. */
export type UpdateTheta = { nominalStep: Tensor; learned: Tensor };

/** Mean [n] and covariance [n, n] of φ. */
export type UpdateState = { mean: Tensor; covariance: Tensor };

/** Theta is `{ nominalStep, learned }`; take it in float64, for losses of unstable rules grow beyond float32. */
export function noisyQuadraticUpdate(
  options: NoisyQuadraticUpdateOptions,
): Problem<UpdateTheta, UpdateState, undefined> {
  const known = ["hessian", "noise", "start", "horizon", "isPreconditioned"] as const;
  requireKnownOptions("noisyQuadraticUpdate", options, known);
  const { horizon = 10, isPreconditioned = false } = options;
  const n = options.start.length;
  const exact = { dtype: "float64" } as const;
  const square = (name: "hessian" | "noise"): Tensor => {
    const rows = options[name].map((row) => [...row]);
    if (rows.length !== n || rows.some((row) => row.length !== n)) {
      throw new OptionError("noisyQuadraticUpdate", name, rows, `${n} rows of ${n} numbers, as start has`);
    }
    return np.array(rows, exact);
  };
  const [hessian, noise, start] = [square("hessian"), square("noise"), np.array([...options.start], exact)];
  const { inverseRoot } = positiveDefinite("noisyQuadraticUpdate", "hessian", options.hessian);
  const preconditioner = np.array(inverseRoot, exact);
  return defineProblem({
    name: "noisyQuadraticUpdate",
    horizon,
    init: () => ({ mean: start, covariance: np.zeros([n, n], exact) }),
    step({ nominalStep, learned }: UpdateTheta, { mean, covariance }) {
      const [h, s, identity] = [hessian, noise, np.eye(n)].map((x) => x.astype(mean.dtype)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const free = identity.mul(nominalStep).add(learned);
      const rule = isPreconditioned ? np.matmul(preconditioner.astype(mean.dtype), free) : free;
      const gain = np.matmul(rule, h);
      const transition = identity.sub(gain);
      const around = (left: Tensor, middle: Tensor): Tensor =>
        np.matmul(np.matmul(left, middle), np.transpose(left));
      const next = {
        mean: np.matmul(transition, mean),
        covariance: around(transition, covariance).add(around(gain, s)),
      };
      const spread = np.matmul(h, next.covariance.add(s));
      const loss = next.mean.mul(np.matmul(h, next.mean)).sum().add(np.trace(spread)).mul(0.5);
      return { state: next, loss };
    },
  });
}
