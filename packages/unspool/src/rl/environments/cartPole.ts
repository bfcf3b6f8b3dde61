/**
 * A pole on a cart that is pushed to the left or to the right (Barto, Sutton and Anderson 1983), with Gymnasium's
 * constants: +1 per step until the pole leans by more than 12 degrees or the cart has left ±2.4 m.
 *
 *     b   = (F + m l w² sin θ) / M
 *     w'  = (g sin θ - b cos θ) / (l (4/3 - m cos² θ / M)),    v' = b - m l w' cos θ / M,     Euler steps of 0.02 s
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { type Environment, defineEnvironment } from "./environment.ts";
import { type EnvironmentSettings, environmentSettings } from "./environmentSettings.ts";
import type { Scene } from "./scene.ts";
import { boxSpace, discreteSpace } from "./space.ts";

/** Position and velocity of the cart (m, m/s), angle and angular velocity of the pole (rad, rad/s): [4]. */
export type CartPoleState = { pole: Tensor };

const gravity = 9.8;
const poleMass = 0.1;
const totalMass = 1.1;
/** From the hinge to the centre of the pole. */
const poleLength = 0.5;
const force = 10;
const timeStep = 0.02;
const farthest = 2.4;
const steepest = (12 * 2 * Math.PI) / 360;
/** Half width of the uniform noise of the start. */
const resetNoise = 0.05;

/** CartPole-v1: actions 0 (left) and 1 (right), 500 steps. */
export function cartPole(options: EnvironmentSettings = {}): Environment<CartPoleState> {
  const { timeLimit, dtype } = environmentSettings("cartPole", options, 500);
  return defineEnvironment<CartPoleState>({
    name: "cartPole",
    // Gymnasium's bounds: twice those that end an episode; velocities have none.
    observationSpace: boxSpace({
      low: [-2 * farthest, -Infinity, -2 * steepest, -Infinity],
      high: [2 * farthest, Infinity, 2 * steepest, Infinity],
    }),
    actionSpace: discreteSpace(2),
    timeLimit,
    reset: (key: Key) => ({
      pole: random.uniform(key, [4], { minval: -resetNoise, maxval: resetNoise, dtype }),
    }),
    observe: ({ pole }) => pole,
    step({ pole }, action) {
      const next = move(
        pole,
        action
          .astype(dtype)
          .mul(2 * force)
          .sub(force),
      );
      const isOut = np.logicalOr(
        np.abs(next.slice(0)).greater(farthest) as Tensor,
        np.abs(next.slice(2)).greater(steepest) as Tensor,
      ) as Tensor;
      return { state: { pole: next }, reward: np.ones([], { dtype }), terminated: isOut };
    },
    scene: cartPoleScene,
  });
}

function move(pole: Tensor, push: Tensor): Tensor {
  const [angle, turning] = [pole.slice(2), pole.slice(3)];
  const [cos, sin] = [np.cos(angle) as Tensor, np.sin(angle) as Tensor];
  const pushed = push
    .add(
      turning
        .mul(turning)
        .mul(sin)
        .mul(poleMass * poleLength),
    )
    .div(totalMass);
  const turned = sin
    .mul(gravity)
    .sub(cos.mul(pushed))
    .div(np.subtract(4 / 3, cos.mul(cos).mul(poleMass / totalMass)).mul(poleLength));
  const moved = pushed.sub(turned.mul(cos).mul((poleMass * poleLength) / totalMass));
  const rates = np.stack([pole.slice(1), moved, turning, turned]) as Tensor;
  return pole.add(rates.mul(timeStep));
}

function cartPoleScene({ pole }: CartPoleState): Scene {
  const [x, , angle] = [...pole.data] as [number, number, number];
  const tip = [x + 2 * poleLength * Math.sin(angle), 2 * poleLength * Math.cos(angle)] as const;
  return {
    shapes: [
      {
        kind: "path",
        role: "ground",
        points: [
          [-farthest, -0.15],
          [farthest, -0.15],
        ],
      },
      { kind: "path", isClosed: true, points: [[x - 0.25, -0.15], [x + 0.25, -0.15], [x + 0.25, 0], [x - 0.25, 0]] }, // prettier-ignore
      { kind: "path", role: "second", width: 0.06, points: [[x, 0], tip] },
    ],
  };
}
