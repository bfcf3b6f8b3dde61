/**
 * Environments in plain code, with states that nobody can trace or copy: a physics engine, a program behind a socket.
 * `create` makes one instance, which plays one episode at a time; whoever plays makes as many as there are threads.
 *
 * What an instance gives back is checked: an observation of another length, a number that is not finite or a promise
 * would otherwise be found out much later.
 */
import { type RandomStream, Tensor } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError, requireKnownOptions, show } from "../../errors.ts";
import { requireEnvironmentParts } from "./environment.ts";
import type { Scene } from "./scene.ts";
import { type Space, spaceSize } from "./space.ts";

export interface SimulatedStep {
  /** As many numbers as the observation space has. It may be the same array in every step. */
  observation: ArrayLike<number>;
  /** Higher is better. */
  reward: number;
  /** The episode has ended, and not because its time was over. */
  terminated: boolean;
}

/** A running simulator. */
export interface SimulatorInstance {
  /** Starts an episode, whatever happened before; gives the first observation. All random numbers come from `random`. */
  reset(random: RandomStream): ArrayLike<number>;
  /** One step: numbers of a box space as they came from the policy, or the one choice of a discrete one. */
  step(action: Float64Array): SimulatedStep;
  /** A picture of the state now, for reports. */
  scene?(): Scene;
  /** Gives back what it holds. */
  close?(): void;
}

export interface SimulatedEnvironmentOptions {
  /** Stands in errors, recipes and reports. */
  readonly name: string;
  /** `boxSpace` or `discreteSpace`: how many numbers a policy is given. */
  readonly observationSpace: Space;
  /** Numbers within bounds (`boxSpace`), or one of so many choices (`discreteSpace`). */
  readonly actionSpace: Space;
  /** Steps after which an episode is cut off. */
  readonly timeLimit: number;
  /** One instance; may load something first. */
  create(): SimulatorInstance | Promise<SimulatorInstance>;
}

export interface SimulatedEnvironment extends SimulatedEnvironmentOptions {
  readonly isTraceable: false;
  /** Instances whose results are checked. */
  create(): Promise<SimulatorInstance>;
}

const parts = ["name", "observationSpace", "actionSpace", "timeLimit", "create"] as const;

/**
 * Defines an environment in plain code.
 *
 * @throws OptionError at once; ShapeError, NonFiniteError and OptionError while it is played
 * @example
 * const ball = simulatedEnvironment({
 *   name: "ball",
 *   observationSpace: boxSpace({ shape: [2] }),
 *   actionSpace: boxSpace({ low: [-1], high: [1] }),
 *   timeLimit: 100,
 *   create() {
 *     let [height, velocity] = [1, 0];
 *     const observation = () => [height, velocity];
 *     return {
 *       reset(random) {
 *         [height, velocity] = [1 + 0.1 * random.normal(), 0];
 *         return observation();
 *       },
 *       step([thrust]) {
 *         velocity += (thrust! - 0.5) * 0.1;
 *         height += velocity * 0.1;
 *         return { observation: observation(), reward: -Math.abs(height - 1), terminated: height < 0 };
 *       },
 *     };
 *   },
 * });
 */
export function simulatedEnvironment(options: SimulatedEnvironmentOptions): SimulatedEnvironment {
  const where = "simulatedEnvironment";
  requireKnownOptions(where, options, parts);
  requireEnvironmentParts(where, options);
  if (typeof options.create !== "function")
    throw new OptionError(where, "create", options.create, "a function");
  if (/^class\b/.test(Function.prototype.toString.call(options.create))) {
    const { name } = options.create;
    throw new OptionError(where, "create", `the class ${name}`, "a function", `Write () => new ${name}().`);
  }
  return {
    ...options,
    isTraceable: false,
    create: async () => checked(options, await options.create()),
  };
}

function checked(options: SimulatedEnvironmentOptions, instance: SimulatorInstance): SimulatorInstance {
  const { name, observationSpace, actionSpace } = options;
  for (const part of ["reset", "step"] as const)
    if (typeof instance?.[part] !== "function")
      throw new OptionError(name, `${part} of what create gave`, instance?.[part], "a function");
  const size = spaceSize(observationSpace);
  const actions = actionSpace.kind === "discrete" ? 1 : spaceSize(actionSpace);
  let t = 0;
  const observed = (given: ArrayLike<number>): ArrayLike<number> => {
    requireAtOnce(name, "the observation", given);
    if (given?.length !== size)
      throw new ShapeError(
        `${name}, step ${t}`,
        `an observation must be ${size} numbers, as observationSpace says, got ${given?.length === undefined ? show(given) : given.length}.`,
        { step: t, size, given: given?.length },
      );
    if (Tensor.is(given))
      throw new OptionError(
        `${name}, step ${t}`,
        "an observation",
        given,
        "an array of numbers",
        "Of a tensor give .data.",
      );
    for (let i = 0; i < size; i++)
      if (!Number.isFinite(given[i])) throw notFinite(name, t, `observation[${i}]`, given[i]);
    return given;
  };
  return {
    // Not spread: of an instance of a class its methods would be lost.
    ...(typeof instance.scene === "function" && { scene: () => instance.scene!() }),
    ...(typeof instance.close === "function" && { close: () => instance.close!() }),
    reset(random) {
      t = 0;
      return observed(instance.reset(random));
    },
    step(action) {
      if (action.length !== actions)
        throw new ShapeError(
          `${name}, step ${t}`,
          `an action must be ${actions} numbers, as actionSpace says, got ${action.length}. Does the policy have as many outputs?`,
          { step: t, size: actions, given: action.length },
        );
      action.forEach((x, i) => {
        if (!Number.isFinite(x)) throw notFinite(name, t, `action[${i}]`, x);
      });
      const result = instance.step(action);
      requireAtOnce(name, "what step gives", result);
      if (typeof result !== "object" || result === null || !("reward" in result))
        throw new OptionError(
          `${name}, step ${t}`,
          "what step gives",
          result,
          "{ observation, reward, terminated }",
          Array.isArray(result) ? "A time limit that is over is no end: leave truncated out." : undefined,
        );
      if (!Number.isFinite(result.reward)) throw notFinite(name, t, "reward", result.reward);
      if (typeof result.terminated !== "boolean")
        throw new OptionError(`${name}, step ${t}`, "terminated", result.terminated, "true or false");
      observed(result.observation);
      t++;
      return result;
    },
  };
}

function notFinite(name: string, step: number, quantity: string, given: unknown): NonFiniteError {
  return new NonFiniteError(
    `${name}, step ${step}`,
    `${quantity} must be a finite number, got ${show(given)}. End the episode (terminated) before the simulator breaks down.`,
    { step, quantity, given },
  );
}

function requireAtOnce(name: string, what: string, given: unknown): void {
  if (typeof (given as { then?: unknown } | undefined)?.then !== "function") return;
  throw new OptionError(
    name,
    what,
    "a promise",
    "there at once",
    "Wait in create, which may be asynchronous; reset and step may not.",
  );
}
