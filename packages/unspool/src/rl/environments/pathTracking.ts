/**
 * A car that is to follow a winding road at 18 m/s: the bicycle model and costs of Lei et al., arXiv 2209.04854, from
 * its code, with a steering law of four gains where the paper solves a nonlinear program in every step.
 *
 *     m = 1412, Iz = 1536.7, a = 1.06, b = 1.85, Cf = -128915.5, Cr = -85943.6, dt = 0.1
 *     vy' = (m vx vy + dt (a Cf - b Cr) r - dt Cf s vx - dt m vx² r) / (m vx - dt (Cf + Cr))
 *     r'  = (Iz vx r + dt (a Cf - b Cr) vy - dt a Cf s vx) / (Iz vx - dt (a² Cf + b² Cr)),     the others explicit Euler
 *     y_ref = 7.5 sin(2πx/200) + 2.5 sin(2πx/300) - 5 sin(2πx/400)
 *     reward = -100 (0.01 du² + 0.04 dy² + 0.1 dφ² + 0.02 r² + 5 s² + 0.05 acc²),  1000 less where the road is lost
 *
 * Observed are (du, vy, r, dy, dφ): speed, sideways speed, yaw rate, distance and angle to the road at this x. It ends
 * where |dy| > 4, |dφ| > π/4 or |du| > 4.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { requireKnownOptions } from "../../errors.ts";
import { type Environment, type Policy, defineEnvironment } from "./environment.ts";
import { type EnvironmentSettings, environmentSettings } from "./environmentSettings.ts";
import { wrapped } from "./pendulum.ts";
import type { Scene } from "./scene.ts";
import { boxSpace, clipToSpace } from "./space.ts";

/** x, vx, vy, yaw rate, y, φ: [6]. */
export type TrackingState = { car: Tensor };

const mass = 1412;
const inertia = 1536.7;
const front = 1.06;
const rear = 1.85;
const frontStiffness = -128915.5;
const rearStiffness = -85943.6;
const timeStep = 0.1;
const speed = 18;
const farthest = { dy: 4, dphi: Math.PI / 4, du: 4 } as const;
/** 10 in the code before its costs are multiplied by 100. */
const failureCost = 1000;
/** Amplitude and period of the road's waves, m. */
const waves = [
  [7.5, 200],
  [2.5, 300],
  [-5, 400],
] as const;
const actions = boxSpace({ low: [(-1.2 * Math.PI) / 9, -3], high: [(1.2 * Math.PI) / 9, 3] });

/** Path tracking: actions steering angle (rad) and acceleration (m/s²), clipped; 200 steps. */
export function pathTracking(options: EnvironmentSettings = {}): Environment<TrackingState> {
  const { timeLimit, dtype } = environmentSettings("pathTracking", options, 200);
  return defineEnvironment<TrackingState>({
    name: "pathTracking",
    observationSpace: boxSpace({ shape: [5] }),
    actionSpace: actions,
    timeLimit,
    reset: (key) => ({ car: start(key, dtype) }),
    observe({ car }) {
      const { du, dy, dphi } = errors(car);
      return np.stack([du, car.slice(2), car.slice(3), dy, dphi]) as Tensor;
    },
    step({ car }, action) {
      const clipped = clipToSpace(actions, action.astype(dtype));
      const [steer, acceleration] = [clipped.slice(0), clipped.slice(1)];
      const next = drive(car, steer, acceleration);
      const { du, dy, dphi } = errors(next);
      const square = (x: Tensor, by: number) => x.mul(x).mul(by);
      const cost = square(du, 1)
        .add(square(dy, 4))
        .add(square(dphi, 10))
        .add(square(next.slice(3), 2))
        .add(square(steer, 500))
        .add(square(acceleration, 5));
      const isOff = (x: Tensor, most: number) => np.abs(x).greater(most) as Tensor;
      const isLost = np.logicalOr(
        isOff(dy, farthest.dy),
        np.logicalOr(isOff(dphi, farthest.dphi), isOff(du, farthest.du)) as Tensor,
      ) as Tensor;
      return {
        state: { car: next },
        reward: cost.add(isLost.astype(dtype).mul(failureCost)).neg(),
        terminated: isLost,
      };
    },
    scene: trackingScene,
  });
}

/** The road is drawn so far to both sides of the car, in pieces of so many metres. */
const roadReach = 20;
const roadPiece = 2;
const carWidth = 1.8;

/** From above: the road, and the car on it. */
function trackingScene({ car }: TrackingState): Scene {
  const [x, , , , y, phi] = Array.from(car.data) as [number, number, number, number, number, number];
  const road = (at: number): number =>
    waves.reduce((sum, [height, period]) => sum + height * Math.sin((2 * Math.PI * at) / period), 0);
  const from = Math.ceil((x - roadReach) / roadPiece) * roadPiece;
  const corner = (along: number, across: number): [number, number] => [
    x + along * Math.cos(phi) - across * Math.sin(phi),
    y + along * Math.sin(phi) + across * Math.cos(phi),
  ];
  return {
    shapes: [
      {
        kind: "path",
        role: "goal",
        points: Array.from({ length: (2 * roadReach) / roadPiece }, (_, i) => {
          const at = from + i * roadPiece;
          return [at, road(at)];
        }),
      },
      {
        kind: "path",
        isClosed: true,
        points: [
          corner(front, carWidth / 2),
          corner(front, -carWidth / 2),
          corner(-rear, -carWidth / 2),
          corner(-rear, carWidth / 2),
        ],
      },
    ],
  };
}

/** Somewhere on the road, a little off it. */
function start(key: Key, dtype: "float32" | "float64"): Tensor {
  const uniform = (name: string, minval: number, maxval: number) =>
    random.uniform(random.foldIn(key, name), [], { minval, maxval, dtype });
  const normal = (name: string, deviation: number, most: number) =>
    np.minimum(
      np.maximum(random.normal(random.foldIn(key, name), [], { dtype }).mul(deviation), -most),
      most,
    ) as Tensor;
  const x = uniform("x", 0, 100);
  const vx = uniform("speed", 17.5, 18.5);
  const vy = vx.mul(np.tan(normal("slip", 0.05, 0.1)) as Tensor);
  const y = roadAt(x).y.add(normal("dy", 0.2, 0.5));
  const phi = roadAt(x).phi.add(normal("dphi", 0.05, 0.1));
  return np.stack([x, vx, vy, normal("yaw", 0.05, 0.1), y, phi]) as Tensor;
}

function drive(car: Tensor, steer: Tensor, acceleration: Tensor): Tensor {
  const [x, vx, vy, yaw, y, phi] = [0, 1, 2, 3, 4, 5].map((i) => car.slice(i)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const [cos, sin] = [np.cos(phi) as Tensor, np.sin(phi) as Tensor];
  const coupling = timeStep * (front * frontStiffness - rear * rearStiffness);
  const steered = steer.mul(vx).mul(timeStep * frontStiffness);
  const sideways = vx
    .mul(vy)
    .mul(mass)
    .add(yaw.mul(coupling))
    .sub(steered)
    .sub(
      vx
        .mul(vx)
        .mul(yaw)
        .mul(timeStep * mass),
    )
    .div(vx.mul(mass).sub(timeStep * (frontStiffness + rearStiffness)));
  const turned = vx
    .mul(yaw)
    .mul(inertia)
    .add(vy.mul(coupling))
    .sub(steered.mul(front))
    .div(vx.mul(inertia).sub(timeStep * (front ** 2 * frontStiffness + rear ** 2 * rearStiffness)));
  return np.stack([
    x.add(vx.mul(cos).sub(vy.mul(sin)).mul(timeStep)),
    vx.add(acceleration.mul(timeStep)),
    sideways,
    turned,
    y.add(vx.mul(sin).add(vy.mul(cos)).mul(timeStep)),
    phi.add(yaw.mul(timeStep)),
  ]) as Tensor;
}

/** Where the road is at x, and its direction. */
function roadAt(x: Tensor): { y: Tensor; phi: Tensor } {
  const sum = (terms: Tensor[]): Tensor => terms.reduce((a, b) => a.add(b));
  const angle = (period: number): Tensor => x.mul((2 * Math.PI) / period);
  return {
    y: sum(waves.map(([height, period]) => np.sin(angle(period)).mul(height))),
    phi: np.arctan(
      sum(waves.map(([height, period]) => np.cos(angle(period)).mul((height * 2 * Math.PI) / period))),
    ) as Tensor,
  };
}

function errors(car: Tensor): { du: Tensor; dy: Tensor; dphi: Tensor } {
  const road = roadAt(car.slice(0));
  return {
    du: car.slice(1).sub(speed),
    dy: car.slice(4).sub(road.y),
    dphi: wrapped(car.slice(5).sub(road.phi)),
  };
}

/** k1 to k4: [4]. */
export type SteeringTheta = { gains: Tensor };

/** steer = -k1 dy - k2 dφ - k3 r, acceleration = -k4 du. Starts at (0.05, 0.5, 0.1, 1). */
export function steeringLaw(options: { dtype?: "float32" | "float64" } = {}): Policy<SteeringTheta> {
  requireKnownOptions("steeringLaw", options, ["dtype"]);
  const { dtype = "float32" } = options;
  return {
    name: "steeringLaw",
    init: () => ({ gains: np.array([0.05, 0.5, 0.1, 1], { dtype }) }),
    act({ gains }, observation) {
      const times = (gain: number, i: number) => gains.slice(gain).mul(observation.slice(i));
      const steer = times(0, 3).add(times(1, 4)).add(times(2, 2)).neg();
      return np.stack([steer, times(3, 0).neg()]) as Tensor;
    },
  };
}
