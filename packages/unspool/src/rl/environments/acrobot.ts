/**
 * Two rods in a row with a motor at the joint between them, which is to lift the tip a rod's length above the hinge
 * (Sutton 1996), with Gymnasium's constants and equations ("book"): -1 per step until it is there.
 *
 *     d1 = m lc² + m (l² + lc² + 2 l lc cos θ2) + 2 I,   d2 = m (lc² + l lc cos θ2) + I
 *     φ2 = m lc g cos(θ1 + θ2 - π/2)
 *     φ1 = -m l lc w2² sin θ2 - 2 m l lc w2 w1 sin θ2 + (m lc + m l) g cos(θ1 - π/2) + φ2
 *     w2' = (a + d2/d1 φ1 - m l lc w1² sin θ2 - φ2) / (m lc² + I - d2²/d1),   w1' = -(d2 w2' + φ1) / d1
 *
 * One Runge-Kutta step of 0.2 s per action; angles wrapped, velocities clipped to ±4π and ±9π.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { type Environment, defineEnvironment } from "./environment.ts";
import { type EnvironmentSettings, environmentSettings } from "./environmentSettings.ts";
import { wrapped } from "./pendulum.ts";
import { boxSpace, discreteSpace } from "./space.ts";

/** Angles of the first rod from hanging and of the second to the first, and their velocities: [4]. */
export type AcrobotState = { rods: Tensor };

const gravity = 9.8;
/** Both rods: length and mass 1, moment of inertia 1, centre of mass in the middle. */
const centre = 0.5;
const timeStep = 0.2;
const fastest = [4 * Math.PI, 9 * Math.PI] as const;
const resetNoise = 0.1;

/** Acrobot-v1: actions 0, 1, 2 are torques -1, 0, 1; observation (cos θ1, sin θ1, cos θ2, sin θ2, w1, w2); 500 steps. */
export function acrobot(options: EnvironmentSettings = {}): Environment<AcrobotState> {
  const { timeLimit, dtype } = environmentSettings("acrobot", options, 500);
  return defineEnvironment<AcrobotState>({
    name: "acrobot",
    observationSpace: boxSpace({
      low: [-1, -1, -1, -1, -fastest[0], -fastest[1]],
      high: [1, 1, 1, 1, fastest[0], fastest[1]],
    }),
    actionSpace: discreteSpace(3),
    timeLimit,
    reset: (key: Key) => ({
      rods: random.uniform(key, [4], { minval: -resetNoise, maxval: resetNoise, dtype }),
    }),
    observe({ rods }) {
      const [first, second] = [rods.slice(0), rods.slice(1)];
      return np.stack([
        np.cos(first),
        np.sin(first),
        np.cos(second),
        np.sin(second),
        rods.slice(2),
        rods.slice(3),
      ]) as Tensor;
    },
    step({ rods }, action) {
      const torque = action.astype(dtype).sub(1);
      const free = rungeKuttaStep((now) => rates(now, torque), rods);
      const bound = (i: 2 | 3) => {
        const most = fastest[i - 2]!;
        return np.minimum(np.maximum(free.slice(i), -most), most) as Tensor;
      };
      const next = np.stack([wrapped(free.slice(0)), wrapped(free.slice(1)), bound(2), bound(3)]) as Tensor;
      const tip = np
        .cos(next.slice(0))
        .add(np.cos(next.slice(0).add(next.slice(1))))
        .neg();
      const isThere = tip.greater(1);
      return { state: { rods: next }, reward: isThere.astype(dtype).sub(1), terminated: isThere };
    },
    scene({ rods }) {
      const [first, second] = [...rods.data] as [number, number];
      const elbow = [Math.sin(first), -Math.cos(first)] as const;
      const tip = [elbow[0] + Math.sin(first + second), elbow[1] - Math.cos(first + second)] as const;
      return {
        shapes: [
          {
            kind: "path",
            role: "goal",
            points: [
              [-2.2, 1],
              [2.2, 1],
            ],
          },
          { kind: "path", width: 0.16, points: [[0, 0], elbow] },
          { kind: "path", role: "second", width: 0.16, points: [elbow, tip] },
          { kind: "disc", role: "ground", centre: [0, 0], radius: 0.06 },
        ],
      };
    },
  });
}

function rates(rods: Tensor, torque: Tensor): Tensor {
  const [first, second, w1, w2] = [0, 1, 2, 3].map((i) => rods.slice(i)) as [Tensor, Tensor, Tensor, Tensor];
  const [cos, sin] = [np.cos(second) as Tensor, np.sin(second) as Tensor];
  // m lc² + m (l² + lc²) + 2 I, and its like, for unit masses, lengths and inertias.
  const d1 = cos.mul(2 * centre).add(2 * centre ** 2 + 3);
  const d2 = cos.mul(centre).add(centre ** 2 + 1);
  // cos(x - π/2) = sin x.
  const phi2 = np.sin(first.add(second)).mul(centre * gravity);
  const phi1 = sin
    .mul(
      w2
        .mul(w2)
        .mul(-centre)
        .sub(w2.mul(w1).mul(2 * centre)),
    )
    .add(np.sin(first).mul((centre + 1) * gravity))
    .add(phi2);
  const ratio = d2.div(d1);
  const second2 = torque
    .add(ratio.mul(phi1))
    .sub(sin.mul(w1.mul(w1)).mul(centre))
    .sub(phi2)
    .div(np.subtract(centre ** 2 + 1, d2.mul(ratio)) as Tensor);
  const first2 = d2.mul(second2).add(phi1).div(d1).neg();
  return np.stack([w1, w2, first2, second2]) as Tensor;
}

function rungeKuttaStep(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const k1 = f(x);
  const k2 = f(x.add(k1.mul(timeStep / 2)));
  const k3 = f(x.add(k2.mul(timeStep / 2)));
  const k4 = f(x.add(k3.mul(timeStep)));
  return x.add(
    k1
      .add(k2.mul(2))
      .add(k3.mul(2))
      .add(k4)
      .mul(timeStep / 6),
  );
}
