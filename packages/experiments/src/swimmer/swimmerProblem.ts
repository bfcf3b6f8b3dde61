/**
 * The three-link swimmer of Coulom (2002) as the Swimmer environment of OpenAI Gym has it, in MuJoCo (the npm package
 * `mujoco-js`, MuJoCo's own WebAssembly build): links of length 1 and density 1000 in a fluid of density 4000 and
 * viscosity 0.1, two motors of gear 150, timestep 0.01 with RK4, four timesteps per action.
 *
 * Observation: the five velocities and the positions without those of the head along x and y. Reward: the velocity of
 * the head along x minus 1e-4 times the squared action. Positions and velocities are the whole state: MuJoCo starts its
 * constraint solver anew in every timestep.
 */
import { type Problem, type Tensor, type RandomStream, defineSimulator } from "unspool";
import { loadModel, loadMujoco } from "../mujoco/loadMujoco.ts";
import {
  swimmerControlCost,
  swimmerFrameSkip,
  swimmerModel,
  swimmerResetNoise,
  swimmerTimestep,
} from "../mujoco/models/swimmer.ts";

/** Degrees of freedom: head x, head y, heading, two joints. */
const joints = 5;
const actions = 2;
/** Joints but head x and y, and all velocities. */
export const observations: number = 2 * joints - 2;
/** All that a step has to know of the past: float64, length 5 each. */
export interface SwimmerState {
  positions: Float64Array;
  velocities: Float64Array;
}

export interface SwimmerTheta {
  /** Linear policy, [2, 8]: action = weights · observation. */
  weights: Tensor;
}

interface PlainTheta {
  weights: Float32Array | Float64Array;
}

export interface Swimmer {
  start(random: RandomStream): SwimmerState;
  /** One action of a linear policy, four timesteps. Changes `state`; gives the reward. */
  act(weights: PlainTheta["weights"], state: SwimmerState): number;
  /** The same for an action of any policy, [2]; MuJoCo cuts it at ±1. */
  move(action: Float64Array, state: SwimmerState): number;
}

/** MuJoCo with the swimmer in it; loaded once, when it is first wanted. */
export function loadSwimmer(): Promise<Swimmer> {
  return (loaded ??= load());
}

let loaded: Promise<Swimmer> | undefined;

async function load(): Promise<Swimmer> {
  const mujoco = await loadMujoco();
  const body = loadModel(mujoco, "swimmer", swimmerModel({ isStateless: true }));
  const data = new mujoco.MjData(body);
  const ofWeights = new Float64Array(actions);
  const move = (action: Float64Array, state: SwimmerState): number => {
    // Views of MuJoCo's memory, which moves when it grows.
    const [positions, velocities] = [data.qpos, data.qvel];
    positions.set(state.positions);
    velocities.set(state.velocities);
    data.ctrl.set(action);
    for (let i = 0; i < swimmerFrameSkip; i++) mujoco.mj_step(body, data);
    const moved = positions[0]! - state.positions[0]!;
    state.positions.set(positions);
    state.velocities.set(velocities);
    return (
      moved / (swimmerFrameSkip * swimmerTimestep) - swimmerControlCost * (action[0]! ** 2 + action[1]! ** 2)
    );
  };
  return {
    move,
    start(random) {
      const noise = () =>
        Float64Array.from({ length: joints }, () => swimmerResetNoise * (2 * random.uniform() - 1));
      return { positions: noise(), velocities: noise() };
    },
    act(weights, state) {
      observe(weights, state, ofWeights);
      return move(ofWeights, state);
    },
  };
}

/** What a policy sees, [8]: heading and joints, and all velocities. */
export function observationOf({ positions, velocities }: SwimmerState): Float64Array {
  return Float64Array.of(...positions.subarray(2), ...velocities);
}

function observe(weights: PlainTheta["weights"], state: SwimmerState, action: Float64Array): void {
  for (let i = 0; i < actions; i++) {
    let sum = 0;
    for (let j = 0; j < observations; j++) {
      const observed = j < joints - 2 ? state.positions[j + 2]! : state.velocities[j - joints + 2]!;
      sum += weights[i * observations + j]! * observed;
    }
    action[i] = sum;
  }
}

/** A swimmer with a linear policy as an inner problem: theta are its weights, the loss is the negative reward. */
export function swimmerProblem(
  swimmer: Swimmer,
  horizon: number,
): Problem<SwimmerTheta, SwimmerState, undefined> {
  return defineSimulator({
    name: "swimmer",
    horizon,
    init: (_theta: PlainTheta, { random }) => swimmer.start(random),
    step: ({ weights }, state) => ({ loss: -swimmer.act(weights, state), state }),
  });
}

/** Ends of the three links, from the head back: four points. */
export function links({ positions }: SwimmerState): [x: number, y: number][] {
  const [x, y, heading, first, second] = [...positions] as [number, number, number, number, number];
  const angles = [heading, heading + first, heading + first + second];
  // The head is where the front link's body is: its link reaches from 1.5 to 0.5 along it.
  const points: [number, number][] = [[x + 1.5 * Math.cos(heading), y + 1.5 * Math.sin(heading)]];
  for (const angle of angles) {
    const [fromX, fromY] = points.at(-1)!;
    points.push([fromX - Math.cos(angle), fromY - Math.sin(angle)]);
  }
  return points;
}

/** Centre of the swimmer's three links, which weigh the same. */
export function centre({ positions }: SwimmerState): [x: number, y: number] {
  const [x, y, heading, first, second] = [...positions] as [number, number, number, number, number];
  const along = (angle: number, length: number): [number, number] => [
    Math.cos(angle) * length,
    Math.sin(angle) * length,
  ];
  const front = along(heading, 1);
  const neck = along(heading, 0.5);
  const middle = along(heading + first, -0.5);
  const back = along(heading + first + second, -0.5);
  // From the head: the front link's centre; half a link past the neck; a whole and a half link past it.
  const sum = (axis: 0 | 1) => front[axis] + 2 * neck[axis] + 3 * middle[axis] + back[axis];
  return [x + sum(0) / 3, y + sum(1) / 3];
}
