/**
 * A MuJoCo model as an environment in plain code: actions are controls that are held for `frameSkip` timesteps, and
 * observation, reward and end are functions of positions and velocities. An episode starts from `mj_resetData`, so it
 * depends on nothing that happened before.
 */
import {
  OptionError,
  type RandomStream,
  type Scene,
  ShapeError,
  type SimulatedEnvironment,
  boxSpace,
  requireInteger,
  requireKnownOptions,
  requirePositive,
  simulatedEnvironment,
} from "unspool";
import { type Mujoco, type MujocoData, type MujocoModel, loadModel, loadMujoco } from "./loadMujoco.ts";
import { type SceneView, mujocoScene } from "./mujocoScene.ts";

/** Where the model is: views that hold until the next step. */
export interface Body {
  positions: Float64Array;
  velocities: Float64Array;
}

export interface Moved extends Body {
  /** Positions before the step. */
  from: Float64Array;
  /** As the policy gave it: MuJoCo clips what it uses. */
  action: Float64Array;
  /** Seconds of a step. */
  duration: number;
  terminated: boolean;
}

export interface MujocoEnvironmentOptions {
  name: string;
  /** The model, MJCF. */
  xml: string;
  /** Timesteps of MuJoCo per step. */
  frameSkip: number;
  /** Steps of an episode. Default 1000. */
  timeLimit?: number;
  /** Numbers of an observation, actions, and the bound of actions. Default of the bound: 1. */
  observationSize: number;
  actionSize: number;
  actionBound?: number;
  /** What the policy sees. */
  observation(body: Body): ArrayLike<number>;
  reward(moved: Moved): number;
  /** Default: never. */
  terminated?(body: Body): boolean;
  /** Adds noise to the model's own start. Half the width of uniform noise on all positions and velocities, or a function. */
  resetNoise: number | ((random: RandomStream, body: Body) => void);
  /** From where pictures are drawn. Default "side". */
  view?: SceneView;
}

/** An environment of a model. What MuJoCo cannot load is said by `create`, when it is first played. */
export function mujocoEnvironment(options: MujocoEnvironmentOptions): SimulatedEnvironment {
  const where = "mujocoEnvironment";
  requireKnownOptions(where, options, [
    "name",
    "xml",
    "frameSkip",
    "timeLimit",
    "observationSize",
    "actionSize",
    "actionBound",
    "observation",
    "reward",
    "terminated",
    "resetNoise",
    "view",
  ]);
  const { name, xml, frameSkip, timeLimit = 1000, observationSize, actionSize, actionBound = 1 } = options;
  if (typeof xml !== "string" || xml === "") throw new OptionError(where, "xml", xml, "the text of a model");
  requireInteger(where, "frameSkip", frameSkip, 1);
  requireInteger(where, "observationSize", observationSize, 1);
  requireInteger(where, "actionSize", actionSize, 1);
  requirePositive(where, "actionBound", actionBound);
  return simulatedEnvironment({
    name,
    observationSpace: boxSpace({ shape: [observationSize] }),
    actionSpace: boxSpace({ low: -actionBound, high: actionBound, shape: [actionSize] }),
    timeLimit,
    async create() {
      const mujoco = await loadMujoco();
      const model = loadModel(mujoco, name, xml);
      if (model.nu !== actionSize) {
        const { nu } = model;
        model.delete();
        throw new ShapeError(
          name,
          `actionSize must be the model's number of actuators, ${nu}, got ${actionSize}.`,
          { nu, actionSize },
        );
      }
      return instanceOf(mujoco, model, options);
    },
  });
}

function instanceOf(mujoco: Mujoco, model: MujocoModel, options: MujocoEnvironmentOptions) {
  const { frameSkip, observation, reward, terminated = () => false, resetNoise, view = "side" } = options;
  const data: MujocoData = new mujoco.MjData(model);
  const duration = model.opt.timestep * frameSkip;
  const from = new Float64Array(model.nq);
  const body = (): Body => ({ positions: data.qpos, velocities: data.qvel });
  return {
    reset(random: RandomStream) {
      mujoco.mj_resetData(model, data);
      const now = body();
      if (typeof resetNoise === "function") resetNoise(random, now);
      else addUniform(random, resetNoise, now.positions, now.velocities);
      return observation(now);
    },
    step(action: Float64Array) {
      from.set(data.qpos);
      data.ctrl.set(action);
      for (let i = 0; i < frameSkip; i++) mujoco.mj_step(model, data);
      const now = body();
      const isOver = terminated(now);
      return {
        observation: observation(now),
        reward: reward({ ...now, from, action, duration, terminated: isOver }),
        terminated: isOver,
      };
    },
    scene(): Scene {
      // Places only: forces, from which the next step would start, stay as they are.
      mujoco.mj_kinematics(model, data);
      return mujocoScene(model, data, view);
    },
    close() {
      data.delete();
      model.delete();
    },
  };
}

/** Uniform noise in ±`width` on each number of each array, in their order. */
export function addUniform(random: RandomStream, width: number, ...arrays: Float64Array[]): void {
  for (const array of arrays)
    for (let i = 0; i < array.length; i++) array[i]! += width * (2 * random.uniform() - 1);
}
