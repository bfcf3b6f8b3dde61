/**
 * An inner problem: pure functions that start and advance one particle, and a horizon. Everything else (windows,
 * particles, derivatives, resets) is built from it.
 */
import { type Key, Tensor, type Tensors, type TracedProgram, np, random, tree } from "../array/index.ts";
import { OptionError, ShapeError, requireKnownOptions } from "../errors.ts";
import { requireHorizon } from "./horizon.ts";
import { checkRepeatable, repeatable } from "./repeatableStep.ts";
import { requireSynchronous } from "./requireSynchronous.ts";

/** What a step may use besides theta and the state. */
export interface StepContext<Batch> {
  /** Inner steps done on this trajectory before this one: int32 scalar, 0 at the first step. */
  t: Tensor;
  /** Random key of this step. The same for both members of an antithetic pair. */
  key: Key;
  /** What `data` drew for this step. */
  batch: Batch;
}

export interface StepResult<State> {
  /** The next state: same structure, shapes and dtypes as the state that came in. */
  state: State;
  /** Scalar; lower is better. */
  loss: Tensor;
}

export interface ProblemOptions<Theta, State, Batch> {
  /** Shown in errors. Default "problem". */
  name?: string;
  /** Steps of one trajectory, T. `Infinity` for a loop that never resets. */
  horizon: number;
  /** Where tuning starts: with it, a file that exports the problem is all that the command needs. */
  theta?: Theta;
  /** The state before the first step. Numbers become scalars; floating-point leaves take theta's dtype. */
  init(theta: Theta, key: Key): State;
  /** One step of ONE particle, made of `np` functions. */
  step(
    theta: Theta,
    state: NoInfer<Tensors<State>>,
    context: StepContext<NoInfer<Batch>>,
  ): StepResult<NoInfer<Tensors<State>>>;
  /** Draws the minibatch of one step from resident data. */
  data?(key: Key): Batch;
  /** The loss of a finished trajectory, on a batch that is drawn once per trajectory (telescoping estimators). */
  finalLoss?(theta: Theta, state: NoInfer<Tensors<State>>, batch: NoInfer<Batch>): Tensor;
  /** Draws that batch. Default: `data`. */
  finalData?(key: Key): Batch;
  /** False if the step has no useful derivative (rounding, comparisons, accuracy). Default true. */
  isDifferentiable?: boolean;
}

/** A checked inner problem. */
export interface Problem<Theta = unknown, State = unknown, Batch = unknown> extends ProblemOptions<
  Theta,
  State,
  Batch
> {
  readonly name: string;
  readonly isDifferentiable: boolean;
  /** False for a simulator: its functions are plain code, which only the host executor can run. */
  readonly isTraceable: boolean;
}

/**
 * Defines an inner problem.
 *
 * @example
 * const decay = defineProblem({
 *   horizon: 10,
 *   init: () => ({ x: np.array([1, 2]) }),
 *   step: (theta: { rate: Tensor }, { x }) => {
 *     const next = x.mul(theta.rate);
 *     return { state: { x: next }, loss: next.mul(next).sum() };
 *   },
 * });
 */
export function defineProblem<Theta, State, Batch = undefined>(
  options: ProblemOptions<Theta, State, Batch>,
): Problem<Theta, State, Batch> {
  if (options === undefined)
    throw new OptionError("defineProblem", "options", options, "a record of options");
  requireKnownOptions<Partial<Problem<Theta, State, Batch>>>("defineProblem", options, [
    "name",
    "horizon",
    "theta",
    "init",
    "step",
    "data",
    "finalLoss",
    "finalData",
    "isDifferentiable",
    "isTraceable",
  ]);
  const { horizon } = options;
  requireHorizon("defineProblem", "horizon", horizon);
  for (const part of ["init", "step"] as const) {
    if (typeof options[part] !== "function")
      throw new OptionError("defineProblem", part, options[part], "a function");
  }
  for (const part of ["data", "finalLoss", "finalData"] as const) {
    if (options[part] !== undefined && typeof options[part] !== "function")
      throw new OptionError("defineProblem", part, options[part], "a function, or absent");
  }
  if (options.name !== undefined && typeof options.name !== "string")
    throw new OptionError("defineProblem", "name", options.name, "text");
  if (options.isDifferentiable !== undefined && typeof options.isDifferentiable !== "boolean")
    throw new OptionError("defineProblem", "isDifferentiable", options.isDifferentiable, "true or false");
  return {
    ...options,
    name: options.name ?? "problem",
    isDifferentiable: options.isDifferentiable ?? true,
    isTraceable: true,
  };
}

/** A problem whose types have been forgotten: what estimators and executors work with. */
export interface ErasedProblem {
  readonly name: string;
  readonly horizon: number;
  readonly isDifferentiable: boolean;
  readonly isTraceable: boolean;
  /** Of a problem without the constant leaves of its state, see `changingState`. */
  readonly whole?: WholeProblem;
  init(theta: unknown, key: Key): unknown;
  step(theta: unknown, state: unknown, context: StepContext<unknown>): StepResult<unknown>;
  data?(key: Key): unknown;
  finalLoss?(theta: unknown, state: unknown, batch: unknown): Tensor;
  finalData?(key: Key): unknown;
}

/** A problem with the constant leaves of its state, and what takes them out. */
export interface WholeProblem {
  readonly problem: ErasedProblem;
  without(theta: unknown, state: unknown): unknown;
}

/** Throws `OptionError` unless `problem` is an inner problem. */
export function requireProblem(where: string, problem: unknown): void {
  const { init, step, isTraceable } = (problem ?? {}) as Partial<Problem>;
  if (typeof init === "function" && typeof step === "function" && isTraceable !== undefined) return;
  throw new OptionError(
    where,
    "problem",
    problem,
    "an inner problem",
    "Make one with defineProblem({ horizon, init, step }).",
  );
}

/** Throws `OptionError` unless the problem has a loss of finished trajectories. */
export function requireFinalLoss(where: string, { finalLoss }: { finalLoss?: unknown }): void {
  if (finalLoss !== undefined) return;
  throw new OptionError(
    where,
    "problem.finalLoss",
    undefined,
    "a function (theta, state, batch) => loss",
    "It is evaluated on a batch that is drawn once per trajectory.",
  );
}

export function eraseProblem<Theta, State, Batch>(problem: Problem<Theta, State, Batch>): ErasedProblem {
  return problem;
}

/** The state at t = 0 of the trajectory with key `key`. */
export function initialState(problem: ErasedProblem, theta: unknown, key: Key): unknown {
  checkRepeatable(problem, "init", startOf(problem), [theta, key]);
  return startOf(problem)(theta, key);
}

/** Zeros in the shapes of an initial state. Nothing is computed, but for a simulator. */
export function emptyState(problem: ErasedProblem, theta: unknown, key: Key): unknown {
  if (!problem.isTraceable) return tree.zerosLike(initialState(problem, theta, key));
  const { whole } = problem;
  if (whole !== undefined) return whole.without(theta, emptyState(whole.problem, theta, key));
  const zeros = ({ shape, dtype }: Tensor): Tensor => np.zeros([...shape], { dtype });
  return tree.map(zeros, tracedStart(problem, theta, key).output);
}

/** The program of `initialState`. */
export function tracedStart(problem: ErasedProblem, theta: unknown, key: Key): TracedProgram {
  return repeatable(problem, "init", startOf(problem), [theta, key]);
}

function startOf(problem: ErasedProblem): (theta: unknown, key: Key) => unknown {
  return (theta, key) => {
    const dtype = tree.floatType(theta);
    const made = problem.init(tree.copy(theta), random.foldIn(random.foldIn(key, 0), 0));
    const state: unknown = tree.tensors(requireSynchronous(`${problem.name}.init`, made), dtype);
    // A simulator keeps its own precision.
    if (!problem.isTraceable) return state;
    const cast = (leaf: Tensor): Tensor =>
      (leaf.dtype === "float32" || leaf.dtype === "float64") && leaf.dtype !== dtype
        ? leaf.astype(dtype)
        : leaf;
    return tree.map(cast, state);
  };
}

/** One step of the trajectory with key `key`, checked: same state shapes, scalar loss. */
export function advance(
  problem: ErasedProblem,
  theta: unknown,
  state: unknown,
  t: Tensor,
  key: Key,
): { state: unknown; loss: Tensor } {
  const step = (...args: StepArguments) => stepOf(problem, ...args);
  checkRepeatable(problem, "step", step, [theta, state, t, key]);
  return step(theta, state, t, key);
}

/** The program of `advance`. */
export function tracedStep(problem: ErasedProblem, theta: unknown, state: unknown, key: Key): TracedProgram {
  const step = (...args: StepArguments) => stepOf(problem, ...args);
  return repeatable(problem, "step", step, [theta, state, tree.scalar(0, "int32"), key]);
}

type StepArguments = [theta: unknown, state: unknown, t: Tensor, key: Key];

function stepOf(problem: ErasedProblem, ...[theta, state, t, key]: StepArguments) {
  const where = `${problem.name}.step`;
  // The key of the step, not of the call: a trajectory sees the same data whatever the window length.
  const source = random.foldIn(key, t.add(1));
  const drawn = requireSynchronous(`${problem.name}.data`, problem.data?.(random.foldIn(source, 1)));
  const batch = tree.copy(drawn);
  const context = { t, key: random.foldIn(source, 0), batch };
  // Records of its own: others compute with the same theta and state, and the check below compares with them.
  const given = problem.step(tree.copy(theta), tree.copy(state), context);
  const result = requireSynchronous(where, given) as StepResult<unknown> | undefined | null;
  if (typeof result !== "object" || result === null || !("state" in result) || !("loss" in result)) {
    throw new ShapeError(where, "must return { state, loss }.");
  }
  const next = tree.tensors(result.state, tree.floatType(theta)) as unknown;
  tree.requireSame(where, "the returned state", state, next);
  return { state: next, loss: scalarLoss(where, result.loss) };
}

/** The loss of a state at the end of a trajectory, on the evaluation batch of the trajectory with key `key`. */
export function finalLossOf(problem: ErasedProblem, theta: unknown, state: unknown, key: Key): Tensor {
  const draw = problem.finalData ?? problem.data;
  const where = `${problem.name}.finalLoss`;
  const lossOf = (at: unknown, last: unknown, source: Key): Tensor => {
    const drawn = draw?.call(problem, random.foldIn(random.foldIn(source, 0), 1));
    const batch = tree.copy(requireSynchronous(`${problem.name}.data`, drawn));
    const loss = problem.finalLoss!(tree.copy(at), tree.copy(last), batch);
    return scalarLoss(where, requireSynchronous(where, loss));
  };
  checkRepeatable(problem, "finalLoss", lossOf, [theta, state, key]);
  return lossOf(theta, state, key);
}

function scalarLoss(where: string, loss: unknown): Tensor {
  const tensor = typeof loss === "number" ? tree.scalar(loss) : loss;
  if (Tensor.is(tensor) && tensor.ndim === 0) return tensor;
  const got = Tensor.is(tensor) ? tensor.toString() : typeof loss;
  throw new ShapeError(where, `the loss must be a scalar tensor, got ${got}. Sum or average it.`);
}
