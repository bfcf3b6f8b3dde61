/**
 * A rigid drone of four rotors, whose arms and rotors are boxes and discs of a design: mass, inertia, thrust, and the
 * derivative of its state.
 *
 *     l = psi_0 + psi_1,  m = rho t w (4 l - w),  b = d = ½ rho_air pi psi_1⁴  with t = psi_2, w = psi_3
 *     thrust b sum w_i²;  torques b l (w_3² - w_1²),  b l (w_4² - w_2²),  d (w_2² + w_4² - w_1² - w_3²)
 *
 * A state is (phi, theta, psi, p, q, r, u, v, w, x, y, z): Euler angles, rates and speeds of the body, position with z
 * down. Bolland et al. 2022, section 5.3. The authors' code leaves one length out of each inertia and has sin(psi) for
 * sin(theta) in the third row of the rotation: that is "asCoded".
 */
import { type Tensor, lax, np } from "../../../array/index.ts";
import { split } from "../numbersLike.ts";

export type DronePhysics = "corrected" | "asCoded";

const gravity = 9.81;
const density = { body: 900, air: 1.225 } as const;

/** Rotors turn at most so fast. */
export const fastestRotor = 20;

export interface DroneBody {
  mass: Tensor;
  /** About x, y and z. */
  inertia: readonly [Tensor, Tensor, Tensor];
  /** Thrust per squared speed of a rotor; the drag factor is the same. */
  lift: Tensor;
  /** From the centre to a rotor. */
  reach: Tensor;
  /** The speed of four rotors that hold the drone. */
  hover: Tensor;
}

export function droneBody(design: Tensor, physics: DronePhysics): DroneBody {
  const [arm, radius, t, w] = split(design, 4) as [Tensor, Tensor, Tensor, Tensor];
  const l = arm.add(radius);
  const mass = t.mul(w).mul(l.mul(4).sub(w)).mul(density.body);
  const square = (x: Tensor): Tensor => x.mul(x);
  const area = square(l).mul(4);
  let inX = l
    .mul(t)
    .mul(area.add(square(t)))
    .mul(density.body / 6);
  let inZ = l
    .mul(w)
    .mul(area.add(square(w)))
    .mul(density.body / 3)
    .sub(square(square(w)).mul(density.body / 6));
  if (physics === "corrected") {
    inX = inX.mul(w);
    inZ = inZ.mul(t);
  }
  const lift = square(square(radius)).mul(0.5 * density.air * Math.PI);
  const hover = np.sqrt(mass.mul(gravity).div(lift.mul(4))) as Tensor;
  return { mass, inertia: [inX, inX, inZ], lift, reach: l, hover };
}

/** The derivative of a state, [12], from the speeds of the rotors [4] and a force [3] in the frame of the ground. */
export function droneDerivative(
  body: DroneBody,
  state: Tensor,
  rotors: Tensor,
  wind: Tensor,
  physics: DronePhysics,
): Tensor {
  const [phi, theta, psi, p, q, r, u, v, w] = split(state, 9) as Nine;
  const [s1, s2, s3, s4] = split(rotors.mul(rotors), 4) as [Tensor, Tensor, Tensor, Tensor];
  const [ix, iy, iz] = body.inertia;
  const { mass, lift, reach } = body;
  const thrust = s1.add(s2).add(s3).add(s4).mul(lift);
  const roll = s3.sub(s1).mul(lift).mul(reach);
  const pitch = s4.sub(s2).mul(lift).mul(reach);
  const yaw = s2.add(s4).sub(s1).sub(s3).mul(lift);
  const frame = rotation(phi, theta, psi, physics);
  const [fx, fy, fz] = intoBody(frame, split(wind, 3));
  const [sinPhi, cosPhi] = [np.sin(phi) as Tensor, np.cos(phi) as Tensor];
  const [sinTheta, cosTheta] = [np.sin(theta) as Tensor, np.cos(theta) as Tensor];
  const lean = q.mul(sinPhi).add(r.mul(cosPhi));
  const speeds = [u, v, w];
  const along = frame.map((row) => row.map((cosine, i) => cosine.mul(speeds[i]!)).reduce((a, b) => a.add(b)));
  return np.stack([
    p.add(lean.mul(sinTheta).div(cosTheta)),
    q.mul(cosPhi).sub(r.mul(sinPhi)),
    lean.div(cosTheta),
    iy.sub(iz).div(ix).mul(r).mul(q).add(roll.div(ix)),
    iz.sub(ix).div(iy).mul(p).mul(r).add(pitch.div(iy)),
    ix.sub(iy).div(iz).mul(p).mul(q).add(yaw.div(iz)),
    r.mul(v).sub(q.mul(w)).sub(sinTheta.mul(gravity)).add(fx.div(mass)),
    p.mul(w).sub(r.mul(u)).add(sinPhi.mul(cosTheta).mul(gravity)).add(fy.div(mass)),
    q.mul(u).sub(p.mul(v)).add(cosPhi.mul(cosTheta).mul(gravity)).add(fz.sub(thrust).div(mass)),
    ...along,
  ]) as Tensor;
}

type Nine = [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

/** Directions of the body's axes in the frame of the ground: rows of the ground, columns of the body. */
export function rotation(phi: Tensor, theta: Tensor, psi: Tensor, physics: DronePhysics): Tensor[][] {
  const [sf, st, sp] = [phi, theta, psi].map((x) => np.sin(x) as Tensor) as [Tensor, Tensor, Tensor];
  const [cf, ct, cp] = [phi, theta, psi].map((x) => np.cos(x) as Tensor) as [Tensor, Tensor, Tensor];
  const down = physics === "asCoded" ? sp : st;
  return [
    [ct.mul(cp), sf.mul(st).mul(cp).sub(cf.mul(sp)), cf.mul(st).mul(cp).add(sf.mul(sp))],
    [ct.mul(sp), sf.mul(st).mul(sp).add(cf.mul(cp)), cf.mul(st).mul(sp).sub(sf.mul(cp))],
    [down.neg(), sf.mul(ct), cf.mul(ct)],
  ];
}

/** A vector of the ground in the frame of the body. */
export function intoBody(
  frame: readonly (readonly Tensor[])[],
  vector: readonly Tensor[],
): [Tensor, Tensor, Tensor] {
  const along = (axis: number): Tensor =>
    vector.map((x, i) => frame[i]![axis]!.mul(x)).reduce((a, b) => a.add(b));
  return [along(0), along(1), along(2)];
}

/** An angle in (-pi, pi], with derivative 1. */
export function wrapped(angle: Tensor): Tensor {
  const turns = np.ceil(angle.div(2 * Math.PI).sub(0.5)) as Tensor;
  return angle.sub((lax.stopGradient(turns) as Tensor).mul(2 * Math.PI));
}
