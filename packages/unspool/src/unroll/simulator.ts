/**
 * Simulators: inner problems in plain JavaScript or WebAssembly that nobody can trace. Their `init` and `step` run on
 * numbers and typed arrays, once per particle and inner step; everything around them stays a program.
 *
 * To the rest of the library a simulator is a problem whose functions are calls to the host: with concrete tensors
 * they run at once, in the programs of the host executor they are where one program ends and the next begins, and
 * anywhere else they are a typed error.
 */
import { type RandomStream, type Tensors, tree } from "../array/index.ts";
import { OptionError, requireKnownOptions } from "../errors.ts";
import { type HostFunctions, hostCall } from "./hostCall.ts";
import { type Problem, type StepResult, defineProblem } from "./problem.ts";

export interface SimulatorContext {
  /** Inner steps done on this trajectory before this one. */
  t: number;
  /** Random numbers of this step: a pure function of the trajectory's key and t, the same for both members of a pair. */
  random: RandomStream;
}

export interface SimulatorOptions<Theta, State> {
  /** Shown in errors. Default "simulator". */
  name?: string;
  /** Steps of one trajectory, T. `Infinity` for a loop that never resets. */
  horizon: number;
  /** Where tuning starts. Numbers become float32 scalars. */
  theta?: Theta;
  /**
   * The state before the first step, which is all that a step may know of the past: numbers (kept in float64), booleans
   * and typed arrays, in records and arrays.
   */
  init(theta: Theta, context: { random: RandomStream }): State;
  /**
   * One step of one particle. `state` is its own: change it in place, or return another of the same structure. Do not
   * write to theta. The loss is minimised: a reward is a negative loss.
   */
  step(
    theta: Theta,
    state: NoInfer<State>,
    context: SimulatorContext,
  ): { state: NoInfer<State>; loss: number };
  /** The loss of a finished trajectory (telescoping estimators). */
  finalLoss?(theta: Theta, state: NoInfer<State>): number;
}

/**
 * Defines an inner problem whose step is plain code. Scalars of theta and of the state are numbers there, other tensors
 * typed arrays in row-major order. For estimators that need losses only, and `unroll`.
 *
 * @example
 * const ball = defineSimulator({
 *   horizon: 100,
 *   init: () => ({ height: 1, velocity: 0 }),
 *   step(theta: { thrust: number }, state) {
 *     state.velocity += (theta.thrust - 9.81) * 0.01;
 *     state.height += state.velocity * 0.01;
 *     if (state.height < 0) [state.height, state.velocity] = [-state.height, -0.8 * state.velocity];
 *     return { state, loss: (state.height - 1) ** 2 };
 *   },
 * });
 */
export function defineSimulator<Theta, State>(
  options: SimulatorOptions<Theta, State>,
): Problem<Tensors<Theta>, State, undefined> {
  requireKnownOptions("defineSimulator", options, ["name", "horizon", "theta", "init", "step", "finalLoss"]);
  const { name = "simulator", horizon, theta, init, step, finalLoss } = options;
  for (const [part, given] of Object.entries({ init, step })) {
    if (typeof given !== "function") throw new OptionError("defineSimulator", part, given, "a function");
  }
  const functions = { name, init, step, finalLoss } as HostFunctions;
  const problem = defineProblem<unknown, unknown>({
    name,
    horizon,
    isDifferentiable: false,
    init: (given, key) => hostCall(functions, "init", { theta: given, key }),
    step: (given, state, { t, key }) =>
      hostCall(functions, "step", { theta: given, state, t, key }) as StepResult<unknown>,
    ...(theta !== undefined && { theta: tree.tensors(theta as unknown) }),
    ...(finalLoss && {
      finalLoss: (given, state) =>
        (hostCall(functions, "finalLoss", { theta: given, state }) as StepResult<unknown>).loss,
    }),
  });
  return { ...problem, isTraceable: false } as Problem<Tensors<Theta>, State, undefined>;
}
