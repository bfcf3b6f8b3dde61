/**
 * A double pendulum (two unit masses on two unit rods) that is to bring its tip to a place: regular from small
 * angles, chaotic from large ones. Runge-Kutta steps; without damping the energy is conserved.
 *
 *     a1 = (-2g sin t1 - sin d w2² + g sin t2 cos d - w1² sin d cos d) / (2 - cos² d),   d = t1 - t2
 *     a2 = (2g sin t1 cos d + 2 sin d w1² - 2g sin t2 + sin d cos d w2²) / (2 - cos² d)
 *     l  = |tip - target|²
 *
 * A stand-in at CPU size for the rigid bodies of Metz et al., "Gradients are Not All You Need", 2021.
 */
import { type Tensor, np } from "../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireOneOf,
  requirePositive,
  requireKnownOptions,
} from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { rungeKutta } from "./integrators/rungeKutta.ts";

/** Angles from the vertical [2] in radians and angular velocities [2] in radians per second. */
export type PendulumState = { angles: Tensor; velocities: Tensor };

export interface DoublePendulumOptions {
  /** Both angles of the default theta, which starts at rest. Default 1. */
  angle?: number;
  /** Where the tip is to be: to the right and upward of the hinge, in rod lengths. Default [1, -1]. */
  target?: readonly [number, number];
  /** Torque per angular velocity that slows both rods, per second. Default 0. */
  damping?: number;
  /** Seconds. Default 0.01. */
  timeStep?: number;
  /** Default 500. */
  horizon?: number;
  /** The distance after every step, or after the last one only (0 before it). Default "each". */
  loss?: "each" | "last";
}

/** Metres per second squared, with rods of one metre. */
export const pendulumGravity = 9.81;

/** Theta is the state at t = 0: `{ angles, velocities }`. */
export function doublePendulum(
  options: DoublePendulumOptions = {},
): Problem<PendulumState, PendulumState, undefined> {
  requireKnownOptions("doublePendulum", options, [
    "angle",
    "target",
    "damping",
    "timeStep",
    "horizon",
    "loss",
  ]);
  const { angle = 1, target = [1, -1], damping = 0, timeStep = 0.01, horizon = 500, loss = "each" } = options;
  requirePositive("doublePendulum", "timeStep", timeStep, "0.01 conserves energy well.");
  if (!(damping >= 0)) throw new OptionError("doublePendulum", "damping", damping, "at least 0");
  requireOneOf("doublePendulum", "loss", loss, ["each", "last"]);
  if (loss === "last") requireInteger("doublePendulum", "horizon", horizon, 1);
  const goal = np.array([...target], { dtype: "float64" });
  return defineProblem({
    name: "doublePendulum",
    horizon,
    theta: {
      angles: np.array([angle, angle], { dtype: "float64" }),
      velocities: np.zeros([2], { dtype: "float64" }),
    },
    init: ({ angles, velocities }: PendulumState) => ({ angles, velocities }),
    step(_theta: PendulumState, state, { t }) {
      const next = rungeKutta((now: PendulumState) => motion(now, damping), state, { timeStep });
      const miss = pendulumTip(next).sub(goal.astype(next.angles.dtype));
      const distance = miss.mul(miss).sum();
      if (loss === "each") return { state: next, loss: distance };
      return { state: next, loss: np.where(t.equal(horizon - 1), distance, distance.mul(0)) };
    },
  });
}

/** Rates of change of the state. */
function motion({ angles, velocities }: PendulumState, damping: number): PendulumState {
  const g = pendulumGravity;
  const d = angles.slice(0).sub(angles.slice(1));
  const [sinD, cosD] = [np.sin(d), np.cos(d)];
  const sines = np.sin(angles);
  const [sin1, sin2] = [sines.slice(0), sines.slice(1)];
  const squares = velocities.mul(velocities);
  const [w1, w2] = [squares.slice(0), squares.slice(1)];
  const first = sin2.mul(cosD).sub(sin1.mul(2)).mul(g).sub(sinD.mul(w2)).sub(sinD.mul(cosD).mul(w1));
  const second = sin1
    .mul(cosD)
    .sub(sin2)
    .mul(2 * g)
    .add(sinD.mul(w1).mul(2))
    .add(sinD.mul(cosD).mul(w2));
  const accelerations = np.stack([first, second]).div(cosD.mul(cosD).neg().add(2));
  return {
    angles: velocities,
    velocities: damping === 0 ? accelerations : accelerations.sub(velocities.mul(damping)),
  };
}

/** Position of the tip [2]: to the right and upward of the hinge. */
export function pendulumTip({ angles }: PendulumState): Tensor {
  return np.stack([np.sin(angles).sum(), np.cos(angles).sum().neg()]);
}

/**
 * Energy per unit mass in (metres per second)², which the pendulum keeps if it is not damped; of angles and velocities
 * [..., 2] for each of the leading axes.
 *
 *     w1² + w2² / 2 + w1 w2 cos(t1 - t2) - 2g cos t1 - g cos t2
 */
export function pendulumEnergy({ angles, velocities }: PendulumState): Tensor {
  const [t1, t2, w1, w2] = [angles, velocities].flatMap((pair) => {
    const ofRods = np.moveaxis(pair, -1, 0);
    return [ofRods.slice(0), ofRods.slice(1)];
  }) as [Tensor, Tensor, Tensor, Tensor];
  const kinetic = w1
    .mul(w1)
    .add(w2.mul(w2).mul(0.5))
    .add(w1.mul(w2).mul(np.cos(t1.sub(t2))));
  return kinetic.sub(np.cos(t1).mul(2).add(np.cos(t2)).mul(pendulumGravity));
}

/** Radians per second of the slow and the fast small oscillation, ω² = g (2 ± √2): in step, and against each other. */
export const pendulumFrequencies: readonly [number, number] = [
  Math.sqrt(pendulumGravity * (2 - Math.SQRT2)),
  Math.sqrt(pendulumGravity * (2 + Math.SQRT2)),
];
