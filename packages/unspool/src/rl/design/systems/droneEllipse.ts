/**
 * A drone that flies along an ellipse in the wind: its arms and rotors, and the controller of its rotors.
 *
 *     r = -((x - x_e)² + (y - y_e)² + z²) + 0.3 min(speed along the ellipse, 1)
 *
 * (x_e, y_e) is where the ray from the centre (1.5, 0) through the drone meets the ellipse with half axes 1.5 and 1. A step is
 * one of Euler over 0.07 s. An action is four offsets from the speed that holds the drone; no rotor is faster than 20: a
 * design that needs more can only fall. Bolland et al. 2022, section 5.3.
 */
import { type Tensor, lax, np, random, tree } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions, requireOneOf } from "../../../errors.ts";
import { type DesignTask, designTask } from "../designTask.ts";
import { normalLogProb, numbersLike, split } from "../numbersLike.ts";
import {
  type DronePhysics,
  droneBody,
  droneDerivative,
  fastestRotor,
  intoBody,
  rotation,
  wrapped,
} from "./droneBody.ts";

export interface DroneEllipseOptions {
  /** "asCoded" keeps the slips of the authors' code, to be compared with it. Default "corrected". */
  physics?: DronePhysics;
  /** Steps, T. Default 100. */
  horizon?: number;
}

const dt = 0.07;
const centre = 1.5;
const halfAxes = [1.5, 1] as const;
/** Standard deviation of the wind's force, in newton. */
const windDeviation = Math.sqrt(0.01 ** 2 + 1e-14);
/** Numbers of a state stay within this, as in the authors' code. */
const farthest = 100;

const scales = {
  location: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
  unit: [0.01, 0.01, 0.01, 0.01, 0.01, 0.01],
} as const;

/** The drone on the ellipse. The last four numbers of the design are read by nothing, as in the published settings. */
export function droneEllipse(options: DroneEllipseOptions = {}): DesignTask {
  const where = "droneEllipse";
  requireKnownOptions(where, options, ["physics", "horizon"]);
  const { physics = "corrected", horizon = 100 } = options;
  requireOneOf(where, "physics", physics, ["corrected", "asCoded"]);
  requireInteger(where, "horizon", horizon, 1);
  const scale = [...scales.unit, 0.1, 0.1, 0.1, 1, 1, 0.1];
  return designTask({
    name: where,
    horizon,
    designBox: [
      [0.05, 0.01, 0.001, 0.001, -50, -50, -50, -50],
      [0.2, 0.2, 0.01, 0.01, 50, 50, 50, 50],
    ],
    designNames: [
      "arm",
      "rotor radius",
      "thickness",
      "width",
      ...[1, 2, 3, 4].map((i) => `nominal speed ${i}`),
    ],
    designScale: [0.2, 0.2, 0.01, 0.01, 1, 1, 1, 1],
    initialState: (design) => np.zeros([12], { dtype: tree.floatType(design) }),
    dynamics(design, state, action, wind) {
      const body = droneBody(design, physics);
      const rotors = np.minimum(action.add(body.hover), fastestRotor) as Tensor;
      const next = state.add(droneDerivative(body, state, rotors, wind, physics).mul(dt));
      const [phi, theta, psi, ...others] = split(next, 12) as [Tensor, Tensor, Tensor, ...Tensor[]];
      return np.clip(np.stack([wrapped(phi), theta, wrapped(psi), ...others]), -farthest, farthest) as Tensor;
    },
    reward: (_design, state) => droneReward(state, physics),
    disturbance: {
      sample: (design, _state, _action, key) =>
        random.normal(key, [3], { dtype: tree.floatType(design) }).mul(windDeviation),
      logProb: (design, _state, _action, wind) =>
        normalLogProb(wind, 0, numbersLike(design, [windDeviation])).sum(),
    },
    observe: (state) => state.sub(numbersLike(state, scales.location)).div(numbersLike(state, scale)),
  });
}

/** The point of the ellipse, in the plane, on the ray from its centre through (x, y). */
export function ellipsePoint(x: Tensor, y: Tensor): readonly [Tensor, Tensor] {
  const isLevel = y.equal(0);
  // The branch that is not taken must have finite derivatives as well.
  const k = x.sub(centre).div(np.where(isLevel, np.onesLike(y), y));
  const side = np.sqrt(k.mul(k).add(halfAxes[0] ** 2)) as Tensor;
  const up = (lax.stopGradient(np.sign(y)) as Tensor).mul(halfAxes[0] * halfAxes[1]).div(side);
  const level = (lax.stopGradient(np.sign(x.sub(centre))) as Tensor).add(1).mul(halfAxes[0]);
  return [np.where(isLevel, level, k.mul(up).add(centre)), np.where(isLevel, np.zerosLike(y), up)];
}

/** How fast the drone moves along the ellipse, at its point (x_e, y_e). */
export function speedAlongEllipse(
  state: Tensor,
  [xe, ye]: readonly [Tensor, Tensor],
  physics: DronePhysics,
): Tensor {
  const off = xe.sub(centre);
  const isMiddle = off.equal(0);
  const ratio = ye.mul(halfAxes[0]).div(np.abs(np.where(isMiddle, np.onesLike(off), off)).mul(halfAxes[1]));
  const right = np.arctan(ratio) as Tensor;
  const turned = np.where(off.less(0), right.neg().add(Math.PI), right);
  const angle = np.where(isMiddle, np.zerosLike(off).add(Math.PI / 2), turned);
  const [ex, ey] = [np.sin(angle).mul(halfAxes[0]), np.cos(angle).mul(-halfAxes[1])] as [Tensor, Tensor];
  const norm = np.sqrt(ex.mul(ex).add(ey.mul(ey))) as Tensor;
  const [phi, theta, psi] = split(state, 3) as [Tensor, Tensor, Tensor];
  const direction = [ex.div(norm), physics === "asCoded" ? ey : ey.div(norm), np.zerosLike(ex)];
  const inBody = intoBody(rotation(phi, theta, psi, physics), direction);
  return inBody.map((e, i) => e.mul(state.slice(6 + i))).reduce((a, b) => a.add(b));
}

export function droneReward(state: Tensor, physics: DronePhysics): Tensor {
  const [x, y, z] = [9, 10, 11].map((i) => state.slice(i)) as [Tensor, Tensor, Tensor];
  const point = ellipsePoint(x, y);
  const [dx, dy] = [x.sub(point[0]), y.sub(point[1])];
  const distance = dx.mul(dx).add(dy.mul(dy)).add(z.mul(z));
  const speed = np.minimum(speedAlongEllipse(state, point, physics), 1) as Tensor;
  return speed.mul(0.3).sub(distance);
}
