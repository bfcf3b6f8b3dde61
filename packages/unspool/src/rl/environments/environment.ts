/**
 * Environments as pure functions, which compile: many episodes are the particles of one program. What ends an episode
 * for its own reasons (`terminated`) and the limit of its steps are kept apart: only the former means that nothing comes
 * after.
 *
 * Rewards are maximised, in their own words; what is optimised is a loss, minus the return.
 */
import { type Key, Tensor, np, random, requireRepeatable, tree } from "../../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions, show } from "../../errors.ts";
import type { Scene } from "./scene.ts";
import type { PolicyFilter } from "./observationFilter.ts";
import { type Space, spaceShape } from "./space.ts";

export interface EnvironmentStep<State> {
  /** Same structure, shapes and dtypes as the state that came in. */
  state: State;
  /** Scalar; higher is better. */
  reward: Tensor;
  /** Bool scalar: the episode has ended in this step, and not because its time was over. */
  terminated: Tensor;
}

export interface EnvironmentOptions<State> {
  /** Stands in errors, recipes and reports. */
  readonly name: string;
  /** `boxSpace` or `discreteSpace`: how many numbers a policy is given. */
  readonly observationSpace: Space;
  /** Numbers within bounds (`boxSpace`), or one of so many choices (`discreteSpace`). */
  readonly actionSpace: Space;
  /** Steps after which an episode is cut off. */
  readonly timeLimit: number;
  /** The state at the start of an episode: tensors in records and arrays; plain numbers become tensors. */
  reset(key: Key): State;
  /** What the policy sees of a state. */
  observe(state: State): Tensor;
  /** One step of ONE episode, made of `np` functions. Actions come as the policy gave them: clip them here. */
  step(state: State, action: Tensor, key: Key): EnvironmentStep<State>;
  /** A picture of a state, for reports: called with plain tensors. */
  scene?(state: State): Scene;
}

export interface Environment<State = unknown> extends EnvironmentOptions<State> {
  /** Its functions are traced; `false` of a simulator. */
  readonly isTraceable: true;
}

/** What acts in an environment. */
export interface Policy<Theta = unknown> {
  readonly name: string;
  /** Where training starts. */
  init(key: Key): Theta;
  /** The action for ONE observation. A random policy draws from `key`, which is of this step. */
  act(theta: Theta, observation: Tensor, key: Key): Tensor;
  /** Of a policy whose theta has a filter of observations in it: where that is. */
  readonly filter?: PolicyFilter<Theta>;
}

const parts = [
  "name",
  "observationSpace",
  "actionSpace",
  "timeLimit",
  "reset",
  "observe",
  "step",
  "scene",
] as const;

/**
 * Defines an environment. One step is taken on the spot, with an action of zeros, so that what does not fit is said
 * here: shapes and dtypes, and what would be frozen into the program (Math.random, the clock).
 *
 * @throws OptionError, ShapeError, TraceError
 * @example
 * const walk = defineEnvironment({
 *   name: "walk",
 *   observationSpace: boxSpace({ shape: [1] }),
 *   actionSpace: boxSpace({ low: [-1], high: [1] }),
 *   timeLimit: 100,
 *   reset: () => ({ x: np.zeros([1]) }),
 *   observe: ({ x }) => x,
 *   step({ x }, action) {
 *     const next = x.add(action);
 *     return { state: { x: next }, reward: next.slice(0), terminated: np.abs(next.slice(0)).greater(10) };
 *   },
 * });
 */
export function defineEnvironment<State>(options: EnvironmentOptions<State>): Environment<State> {
  const where = "defineEnvironment";
  requireKnownOptions(where, options, parts);
  const { name, reset, observe, step, scene } = options;
  requireEnvironmentParts(where, options);
  for (const [part, given] of Object.entries({ reset, observe, step }))
    if (typeof given !== "function") throw new OptionError(where, part, given, "a function");
  if (scene !== undefined && typeof scene !== "function")
    throw new OptionError(where, "scene", scene, "a function, or absent");
  const fits = `${where} (${name})`;
  const environment: Environment<State> = {
    ...options,
    reset: (key) => asTensors(fits, "what reset gives", reset(key)),
    step(state, action, key) {
      const next = step(state, action, key);
      requireStep(fits, next);
      return { ...next, state: asTensors(fits, "the state after a step", next.state, state) };
    },
    isTraceable: true,
  };
  requireFits(fits, environment);
  return environment;
}

/** A state whose plain numbers are tensors, of the type that its floats (or those of the state before) have. */
function asTensors<State>(where: string, what: string, state: State, before: unknown = state): State {
  requireAtOnce(where, what, state);
  if (typeof state !== "object" || state === null)
    throw new ShapeError(where, `${what} must be tensors in records or arrays, got ${String(state)}.`, {
      given: state,
    });
  return tree.tensors(state, tree.floatType(tree.tensors(before))) as State;
}

function requireStep(where: string, given: unknown): void {
  requireAtOnce(where, "what step gives", given);
  if (typeof given === "object" && given !== null && "state" in given) return;
  throw new ShapeError(where, `step must give { state, reward, terminated }, got ${show(given)}.`, { given });
}

function requireAtOnce(where: string, what: string, given: unknown): void {
  if (typeof (given as { then?: unknown } | null | undefined)?.then !== "function") return;
  throw new OptionError(where, what, "a promise", "there at once");
}

/** What all kinds of environments have. */
export function requireEnvironmentParts(
  where: string,
  {
    name,
    observationSpace,
    actionSpace,
    timeLimit,
  }: Pick<EnvironmentOptions<unknown>, "name" | "observationSpace" | "actionSpace" | "timeLimit">,
): void {
  if (typeof name !== "string" || name === "") throw new OptionError(where, "name", name, "a text");
  for (const [part, space] of Object.entries({ observationSpace, actionSpace }))
    if (space?.kind !== "box" && space?.kind !== "discrete")
      throw new OptionError(where, part, space, "a space", "Make one by boxSpace or discreteSpace.");
  requireInteger(where, "timeLimit", timeLimit, 1);
}

/** An action of zeros, as a policy would give it. */
export function zeroAction(space: Space, dtype: "float32" | "float64" = "float32"): Tensor {
  return space.kind === "discrete" ? tree.scalar(0, "int32") : np.zeros([...space.shape], { dtype });
}

function requireFits<State>(where: string, environment: EnvironmentOptions<State>): void {
  const key = random.key(0);
  const state = environment.reset(key);
  const observation = environment.observe(state);
  requireObservation(where, environment.observationSpace, observation);
  const action = zeroAction(environment.actionSpace, tree.floatType(observation));
  const next = environment.step(state, action, key);
  tree.requireSame(where, "the state after a step", state, next.state);
  requireScalar(where, "reward", next.reward, ["float32", "float64"]);
  requireScalar(where, "terminated", next.terminated, ["bool"]);
  const instead = "Draw with the key that reset and step are given, and keep what changes in the state.";
  requireRepeatable(`${where} reset`, (own: Key) => environment.reset(own), [key], instead);
  const taken = (at: State, given: Tensor, own: Key) => environment.step(at, given, own);
  requireRepeatable(`${where} step`, taken, [state, action, key], instead);
}

function requireObservation(where: string, space: Space, observation: Tensor): void {
  const shape = spaceShape(space);
  if (observation instanceof Tensor && observation.shape.join() === shape.join()) return;
  throw new ShapeError(
    where,
    `observe must give a tensor of the observation space's shape [${shape.join()}], got ${String(observation)}.`,
    { shape, given: observation },
  );
}

function requireScalar(where: string, what: string, given: Tensor, dtypes: readonly string[]): void {
  if (given instanceof Tensor && given.shape.length === 0 && dtypes.includes(given.dtype)) return;
  throw new ShapeError(
    where,
    `${what} must be a scalar tensor of ${dtypes.join(" or ")}, got ${String(given)}.`,
    { given },
  );
}
