/**
 * A rod on a motor too weak to lift it at once, with Gymnasium's constants (gravity 10, mass and length 1): it is to
 * stand upright, and never ends by itself.
 *
 *     w' = clip(w + (15 sin θ + 3 u) 0.05, ±8),   θ' = θ + 0.05 w',   u = clip(action, ±2)
 *     r  = -(wrap(θ)² + 0.1 w² + 0.001 u²)   of the state before the step
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { type Environment, defineEnvironment } from "./environment.ts";
import { type EnvironmentSettings, environmentSettings } from "./environmentSettings.ts";
import { boxSpace } from "./space.ts";

/** Angle from upright (rad) and angular velocity (rad/s), scalars. */
export type RodState = { angle: Tensor; velocity: Tensor };

const strongest = 2;
const fastest = 8;
const timeStep = 0.05;

/** Pendulum-v1: one action in ±2, observation (cos θ, sin θ, w), 200 steps. */
export function pendulum(options: EnvironmentSettings = {}): Environment<RodState> {
  const { timeLimit, dtype } = environmentSettings("pendulum", options, 200);
  return defineEnvironment<RodState>({
    name: "pendulum",
    observationSpace: boxSpace({ low: [-1, -1, -fastest], high: [1, 1, fastest] }),
    actionSpace: boxSpace({ low: [-strongest], high: [strongest] }),
    timeLimit,
    reset: (key: Key) => ({
      angle: random.uniform(random.foldIn(key, "angle"), [], { minval: -Math.PI, maxval: Math.PI, dtype }),
      velocity: random.uniform(random.foldIn(key, "velocity"), [], { minval: -1, maxval: 1, dtype }),
    }),
    observe: ({ angle, velocity }) => np.stack([np.cos(angle), np.sin(angle), velocity]) as Tensor,
    step({ angle, velocity }, action) {
      const torque = clip(action.slice(0).astype(dtype), strongest);
      const off = wrapped(angle);
      const cost = off.mul(off).add(velocity.mul(velocity).mul(0.1)).add(torque.mul(torque).mul(0.001));
      const pull = np.sin(angle).mul(15).add(torque.mul(3));
      const next = clip(velocity.add(pull.mul(timeStep)), fastest);
      return {
        state: { angle: angle.add(next.mul(timeStep)), velocity: next },
        reward: cost.neg(),
        terminated: np.zeros([], { dtype: "bool" }),
      };
    },
    scene({ angle }) {
      const turned = angle.item();
      return {
        shapes: [
          {
            kind: "path",
            width: 0.15,
            points: [
              [0, 0],
              [Math.sin(turned), Math.cos(turned)],
            ],
          },
          { kind: "disc", role: "ground", centre: [0, 0], radius: 0.05 },
        ],
      };
    },
  });
}

const clip = (x: Tensor, bound: number): Tensor => np.minimum(np.maximum(x, -bound), bound) as Tensor;

/** An angle in [-π, π). */
export function wrapped(angle: Tensor): Tensor {
  return angle
    .add(Math.PI)
    .mod(2 * Math.PI)
    .sub(Math.PI);
}
