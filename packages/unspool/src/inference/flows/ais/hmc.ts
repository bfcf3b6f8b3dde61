/**
 * Hamiltonian Monte Carlo (Duane et al. 1987) with unit masses: per trajectory a momentum p ~ N(0, I), L leapfrog steps
 * with U = -log f_β, and a test of Metropolis on the change of energy.
 *
 *     p ← p + (ε/2) ∇log f_β(x),   x ← x + ε p,   p ← p + (ε/2) ∇log f_β(x)
 */
import { type Key, type Tensor, random, scan } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../../errors.ts";
import { accepted } from "./acceptance.ts";
import type { AnnealedPath, AnnealedPoints } from "./annealedPoints.ts";
import type { StepTuning, Transition, TransitionContext } from "./transition.ts";

export interface HmcOptions {
  /** L. Default 5. */
  leapfrogSteps?: number;
  /** First ε of each level. Default 0.1. */
  stepSize?: number;
  /** Trajectories per level. Default 1. */
  trajectories?: number;
  /** Gradients are clipped elementwise to this. Default 1000. */
  maxGradient?: number;
  /** Whether ε of each level follows the acceptance. Default true. */
  isTuned?: boolean;
  /** Mean acceptance probability that is sought. Default 0.65. */
  targetAcceptance?: number;
  /** ε is multiplied or divided by it after each batch. Default 1.05. */
  tuningFactor?: number;
}

/** Hamiltonian transitions. Cost: L · trajectories gradients of flow and target per chain and level. */
export function hmc(options: HmcOptions = {}): Transition {
  requireKnownOptions("hmc", options, ["leapfrogSteps", "stepSize", "trajectories", "maxGradient", "isTuned", "targetAcceptance", "tuningFactor"]); // prettier-ignore
  const { leapfrogSteps = 5, stepSize = 0.1, trajectories = 1, maxGradient = 1e3 } = options;
  requireInteger("hmc", "leapfrogSteps", leapfrogSteps, 1);
  requireInteger("hmc", "trajectories", trajectories, 1);
  requirePositive("hmc", "stepSize", stepSize);
  requirePositive("hmc", "maxGradient", maxGradient);
  const tuning = tuningOf("hmc", options);
  const trajectory = (context: TransitionContext, points: AnnealedPoints, key: Key) => {
    const { path, beta, stepSize: epsilon } = context;
    const { x } = points;
    const momentum = random.normal(random.foldIn(key, "momentum"), [...x.shape], { dtype: floatType(x) });
    const end = leapfrog({
      path,
      points,
      momentum,
      beta,
      stepSize: epsilon,
      steps: leapfrogSteps,
      maxGradient,
    });
    const energy = (at: AnnealedPoints, p: Tensor): Tensor =>
      p.mul(p).sum(1).mul(0.5).sub(path.logDensity(at, beta));
    const logRatio = energy(points, momentum).sub(energy(end.points, end.momentum));
    return accepted({ path, from: points, to: end.points, logRatio, key: random.foldIn(key, "test") });
  };
  return {
    name: "hmc",
    ...{ stepSize, tuning, needsGradients: true, evaluations: leapfrogSteps * trajectories },
    options: { leapfrogSteps, stepSize, trajectories, maxGradient, ...tuning },
    move(context) {
      const step = (points: AnnealedPoints, _: undefined, i: Tensor): [AnnealedPoints, Tensor] => {
        const next = trajectory(context, points, random.foldIn(context.key, i));
        return [next.points, next.probability.mean()];
      };
      const [points, each] = scan(step, context.points, undefined, { length: trajectories });
      return { points, acceptance: each.mean() };
    },
  };
}

export interface Leapfrog {
  path: AnnealedPath;
  points: AnnealedPoints;
  /** [n, d]. */
  momentum: Tensor;
  /** Scalars. */
  beta: Tensor;
  stepSize: Tensor;
  steps: number;
  maxGradient: number;
}

/** Where leapfrog steps lead. */
export function leapfrog({ path, points, momentum, beta, stepSize, steps, maxGradient }: Leapfrog): {
  points: AnnealedPoints;
  momentum: Tensor;
} {
  const half = stepSize.mul(0.5);
  const kick = (p: Tensor, at: AnnealedPoints): Tensor =>
    p.add(path.gradient(at, beta, maxGradient).mul(half));
  type Carry = { points: AnnealedPoints; momentum: Tensor };
  const step = (at: Carry): [Carry, undefined] => {
    const p = kick(at.momentum, at.points);
    const next = path.at(at.points.x.add(p.mul(stepSize)));
    return [{ points: next, momentum: kick(p, next) }, undefined];
  };
  return scan(step, { points, momentum }, undefined, { length: steps })[0];
}

/** Tuning as the options of a transition say it. */
export function tuningOf(
  where: string,
  options: Pick<HmcOptions, "isTuned" | "targetAcceptance" | "tuningFactor">,
  isTunedByDefault = true,
): StepTuning | undefined {
  const { isTuned = isTunedByDefault, targetAcceptance = 0.65, tuningFactor = 1.05 } = options;
  if (!(targetAcceptance > 0 && targetAcceptance < 1))
    throw new OptionError(where, "targetAcceptance", targetAcceptance, "a number between 0 and 1");
  if (!(Number.isFinite(tuningFactor) && tuningFactor > 1))
    throw new OptionError(where, "tuningFactor", tuningFactor, "a finite number above 1");
  return isTuned ? { target: targetAcceptance, factor: tuningFactor } : undefined;
}

/** Draws have the points' dtype. */
export const floatType = ({ dtype }: Tensor): "float32" | "float64" =>
  dtype === "float64" ? "float64" : "float32";
