/**
 * A car that follows another at a distance (adaptive cruise control), tuned by four numbers of a PID controller: the
 * task of Lei et al., "Performance-Driven Controller Tuning via Derivative-Free Reinforcement Learning",
 * arXiv 2209.04854, from its code. Costs are turned into rewards.
 *
 *     u   = clip(u_prev + clip(du)),   both to [-1.5, 0.6]
 *     dd' = dd + 0.1 (dv - 2.5 a),   dv' = dv + 0.1 (h - a),   a' = a + 0.1 (u - a) / 0.45
 *     r   = -(0.06 dd² + 0.1 dv² + u² + 0.1 du² + 0.5 (0.02 dd + 0.25 dv - a)²)   of the new state, 1000 less at the end
 *
 * Observed are distance error, velocity error and acceleration, now and in the last two steps, and u_prev: ten numbers.
 * It ends where |dd| > 5 or |dv| > 1. The leading car's acceleration h is drawn anew every 30 steps.
 */
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { type Environment, type Policy, defineEnvironment } from "./environment.ts";
import { type EnvironmentSettings, environmentSettings } from "./environmentSettings.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import type { Scene, SceneRole } from "./scene.ts";
import { boxSpace } from "./space.ts";

/** What is observed [10], steps taken (int32), and the leading car's acceleration. */
export type CruiseState = { cars: Tensor; t: Tensor; lead: Tensor };

export interface AdaptiveCruiseOptions extends EnvironmentSettings {
  /**
   * The leading car: drawn ("random"), the fixed profile of the code's figures ("profile"), or its acceleration as a
   * function of the step's number, an int32 scalar that is 1 in the first. Default "random".
   */
  lead?: "random" | "profile" | ((t: Tensor) => Tensor);
}

const timeStep = 0.1;
const headway = 2.5;
const lag = 0.45;
const leastControl = -1.5;
const mostControl = 0.6;
const farthest = 5;
const fastest = 1;
const failureCost = 1000;
const leadPeriod = 30;
const leadDeviation = 0.05;

/** The fixed profile: last step and acceleration of each stretch; 0 after it. */
const profile = [
  [90, 0.05],
  [120, 0.15],
  [150, -0.1],
  [180, 0],
  [210, -0.2],
  [240, 0.15],
  [270, 0.05],
] as const;

/** Adaptive cruise control: one action, the increment of the control; 1000 steps. */
export function adaptiveCruise(options: AdaptiveCruiseOptions = {}): Environment<CruiseState> {
  requireKnownOptions("adaptiveCruise", options, ["lead", "timeLimit", "dtype"]);
  const { timeLimit, dtype } = environmentSettings("adaptiveCruise", options, 1000, ["lead"]);
  const { lead = "random" } = options;
  if (lead !== "random" && lead !== "profile" && typeof lead !== "function")
    throw new OptionError("adaptiveCruise", "lead", lead, '"random", "profile" or a function');
  const given = lead === "profile" ? profileAt : lead;
  const draw = (key: Key): Tensor =>
    clip(random.normal(random.foldIn(key, "lead"), [], { dtype }).mul(leadDeviation));
  return defineEnvironment<CruiseState>({
    name: "adaptiveCruise",
    observationSpace: boxSpace({ shape: [10] }),
    actionSpace: boxSpace({ low: [leastControl], high: [mostControl] }),
    timeLimit,
    reset: (key) => ({
      cars: np.zeros([10], { dtype }),
      t: tree.scalar(0, "int32"),
      lead: given === "random" ? draw(key) : np.zeros([], { dtype }),
    }),
    observe: ({ cars }) => cars,
    step({ cars, t, lead: last }, action, key) {
      const now = t.add(1);
      const h =
        given === "random"
          ? (np.where(now.mod(leadPeriod).equal(0), draw(key), last) as Tensor)
          : given(now).astype(dtype);
      const [dd, dv, a] = [cars.slice(0), cars.slice(1), cars.slice(2)];
      const du = clip(action.slice(0).astype(dtype));
      const u = clip(cars.slice(9).add(du));
      const next = [
        dd.add(dv.sub(a.mul(headway)).mul(timeStep)),
        dv.add(h.sub(a).mul(timeStep)),
        a.add(u.sub(a).mul(timeStep / lag)),
      ] as const;
      const isLost = np.logicalOr(
        np.abs(next[0]).greater(farthest) as Tensor,
        np.abs(next[1]).greater(fastest) as Tensor,
      ) as Tensor;
      const cost = costOf(next, u, du).add(isLost.astype(dtype).mul(failureCost));
      return {
        state: {
          cars: np.concatenate([np.stack([...next]), cars.slice([0, 6]), u.reshape([1])]) as Tensor,
          t: now,
          lead: h,
        },
        reward: cost.neg(),
        terminated: isLost,
      };
    },
    scene: cruiseScene,
  });
}

/** Of pictures: how far ahead the other car is to be, which only its error knows of, and the size of cars (m). */
const shownGap = 10;
const carLength = 4;
const carHeight = 1.4;

/** From the side, moving with the car behind; the goal is where the car ahead is to be. */
function cruiseScene({ cars }: CruiseState): Scene {
  const ahead = carLength + shownGap + cars.data[0]!;
  const wanted = carLength + shownGap;
  const car = (rear: number, role: SceneRole): Scene["shapes"][number] => ({
    kind: "path",
    isClosed: true,
    role,
    points: [
      [rear, 0.2],
      [rear + carLength, 0.2],
      [rear + carLength, 0.2 + carHeight / 2],
      [rear + 0.75 * carLength, 0.2 + carHeight],
      [rear + 0.2 * carLength, 0.2 + carHeight],
      [rear, 0.2 + carHeight / 2],
    ],
  });
  return {
    shapes: [
      {
        kind: "path",
        role: "ground",
        points: [
          [-1, 0],
          [wanted + farthest + carLength + 1, 0],
        ],
      },
      {
        kind: "path",
        role: "goal",
        points: [
          [wanted, 0],
          [wanted, 2 * carHeight],
        ],
      },
      car(0, "body"),
      car(ahead, "second"),
    ],
  };
}

const clip = (x: Tensor): Tensor => np.minimum(np.maximum(x, leastControl), mostControl) as Tensor;

function costOf([dd, dv, a]: readonly [Tensor, Tensor, Tensor], u: Tensor, du: Tensor): Tensor {
  const comfort = dd.mul(0.02).add(dv.mul(0.25)).sub(a);
  return dd
    .mul(dd)
    .mul(0.06)
    .add(dv.mul(dv).mul(0.1))
    .add(u.mul(u))
    .add(du.mul(du).mul(0.1))
    .add(comfort.mul(comfort).mul(0.5));
}

function profileAt(t: Tensor): Tensor {
  return profile.reduceRight<Tensor>(
    (later, [end, acceleration]) => np.where(t.lessEqual(end), acceleration, later) as Tensor,
    np.zeros([], { dtype: "float32" }),
  );
}

/** K, Kp, Ki and Kd: [4]. */
export type PidTheta = { gains: Tensor };

export interface CruisePidOptions {
  /** Gains are between 0 and 10 and trained in [-1, 1], where they are drawn too; `false`: as they are. Default true. */
  isUnitBox?: boolean;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/**
 * The PID controller of the cruise: e_j = dv_j + K dd_j, j steps ago;
 * du = Kp (e_0 - e_1) + Ki e_0 + Kd (e_0 - 2 e_1 + e_2).
 */
export function cruisePid(options: CruisePidOptions = {}): Policy<PidTheta> {
  requireKnownOptions("cruisePid", options, ["isUnitBox", "dtype"]);
  const { isUnitBox = true, dtype = "float32" } = options;
  const gainsOf = (theta: PidTheta) =>
    isUnitBox ? (np.minimum(np.maximum(theta.gains, -1), 1) as Tensor).mul(5).add(5) : theta.gains;
  return {
    name: "cruisePid",
    init: (key) => ({
      gains: random.uniform(key, [4], isUnitBox ? { minval: -1, maxval: 1, dtype } : { maxval: 10, dtype }),
    }),
    act(theta, observation) {
      const [k, p, i, d] = [0, 1, 2, 3].map((at) => gainsOf(theta).slice(at)) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const error = (ago: number) => observation.slice(3 * ago + 1).add(k.mul(observation.slice(3 * ago)));
      const [e0, e1, e2] = [error(0), error(1), error(2)];
      const du = p
        .mul(e0.sub(e1))
        .add(i.mul(e0))
        .add(d.mul(e0.sub(e1.mul(2)).add(e2)));
      return du.reshape([1]);
    },
  };
}
