/**
 * A car in a valley whose motor is too weak for the slope: it has to swing (Moore 1990), with Gymnasium's constants:
 * +100 at the goal, and -0.1 times the squared action (as it was given) at every step.
 *
 *     v' = clip(v + 0.0015 clip(action, ±1) - 0.0025 cos 3x, ±0.07),   x' = clip(x + v', -1.2, 0.6),   v' = max(v', 0) at the left wall
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { type Environment, defineEnvironment } from "./environment.ts";
import { type EnvironmentSettings, environmentSettings } from "./environmentSettings.ts";
import { boxSpace } from "./space.ts";

/** Position and velocity of the car, [2]. */
export type MountainCarState = { car: Tensor };

const power = 0.0015;
const slope = 0.0025;
const fastest = 0.07;
const left = -1.2;
const right = 0.6;
const goal = 0.45;

/** MountainCarContinuous-v0: one action in ±1, 999 steps. */
export function mountainCarContinuous(options: EnvironmentSettings = {}): Environment<MountainCarState> {
  const { timeLimit, dtype } = environmentSettings("mountainCarContinuous", options, 999);
  return defineEnvironment<MountainCarState>({
    name: "mountainCarContinuous",
    observationSpace: boxSpace({ low: [left, -fastest], high: [right, fastest] }),
    actionSpace: boxSpace({ low: [-1], high: [1] }),
    timeLimit,
    reset: (key: Key) => ({
      car: np.stack([
        random.uniform(key, [], { minval: -0.6, maxval: -0.4, dtype }),
        np.zeros([], { dtype }),
      ]) as Tensor,
    }),
    observe: ({ car }) => car,
    step({ car }, action) {
      const [x, v] = [car.slice(0), car.slice(1)];
      const given = action.slice(0).astype(dtype);
      const push = between(given, -1, 1).mul(power);
      const faster = between(v.add(push).sub(np.cos(x.mul(3)).mul(slope)), -fastest, fastest);
      const moved = between(x.add(faster), left, right);
      const isAtWall = np.logicalAnd(moved.lessEqual(left), faster.less(0)) as Tensor;
      const speed = np.where(isAtWall, np.zeros([], { dtype }), faster) as Tensor;
      const isThere = np.logicalAnd(moved.greaterEqual(goal), speed.greaterEqual(0)) as Tensor;
      return {
        state: { car: np.stack([moved, speed]) as Tensor },
        reward: isThere.astype(dtype).mul(100).sub(given.mul(given).mul(0.1)),
        terminated: isThere,
      };
    },
    scene({ car }) {
      const x = car.data[0]!;
      const hill = Array.from({ length: 61 }, (_, i) => left + (i * (right - left)) / 60);
      return {
        shapes: [
          { kind: "path", role: "ground", points: hill.map((at) => [at, height(at)] as const) },
          {
            kind: "path",
            role: "goal",
            points: [
              [goal, height(goal)],
              [goal, height(goal) + 0.2],
            ],
          },
          { kind: "disc", centre: [x, height(x) + 0.04], radius: 0.04 },
        ],
      };
    },
  });
}

const between = (x: Tensor, low: number, high: number): Tensor =>
  np.minimum(np.maximum(x, low), high) as Tensor;

const height = (x: number): number => Math.sin(3 * x) * 0.45 + 0.55;
