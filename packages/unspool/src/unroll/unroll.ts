/** Forward unrolling of many particles: learning curves, loss surfaces, evaluation. No derivatives. */
import { requireMemory } from "../sizes.ts";
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { executorFor } from "./defaultExecutor.ts";
import type { ForwardProgram } from "../program/index.ts";
import type { Executor } from "./executor.ts";
import { requireHorizon } from "./horizon.ts";
import {
  type ErasedProblem,
  type Problem,
  advance,
  eraseProblem,
  initialState,
  requireProblem,
} from "./problem.ts";

export interface UnrollOptions {
  /** Source of the trajectories' keys. Particle i uses `foldIn(key, i)`. */
  key: Key;
  /** Particles, N. Default 1; the leading axis of theta where `isThetaBatched`. */
  particles?: number;
  /** Inner steps, K. Default: the horizon. */
  steps?: number;
  /** Theta's leaves have a leading axis of particles. Default false: all share theta. */
  isThetaBatched?: boolean;
  /** All particles run the trajectory of the same key. Default false. */
  isCommon?: boolean;
  /** States to go on from, [N, …], as an earlier call returned them. Default: those at the start. */
  state?: unknown;
  /** Inner steps that `state` has behind it. Default 0. */
  stepsBefore?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface Unrolled<State> {
  /** States after the last step, [N, …]. */
  state: State;
  /** Loss of each step of each particle, [K, N], float64. */
  losses: Tensor;
}

/**
 * Runs N particles for K steps from the start of their trajectories, or on from where an earlier call with the same
 * key left them: two calls have the bits of one.
 *
 * @example
 * const { losses } = unroll(problem, theta, { key: random.key(0), particles: 8 });
 */
export function unroll<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: UnrollOptions,
): Unrolled<unknown> {
  requireKnownOptions("unroll", options, [
    "key",
    "particles",
    "steps",
    "isThetaBatched",
    "isCommon",
    "state",
    "stepsBefore",
    "executor",
  ]);
  const { key, isThetaBatched = false, isCommon = false, state, stepsBefore = 0 } = options;
  requireProblem("unroll", problem);
  const executor = executorFor(problem, options.executor);
  const particles = options.particles ?? (isThetaBatched ? tree.leaves(theta)[0]!.shape[0]! : 1);
  const steps = options.steps ?? problem.horizon;
  requireInteger("unroll", "particles", particles, 1);
  requireInteger("unroll", "steps", steps, 1);
  requireInteger("unroll", "stepsBefore", stepsBefore, 0);
  requireHorizon("unroll", "steps + stepsBefore", steps + stepsBefore);
  requireMemory({
    where: "unroll",
    option: "particles times steps",
    given: particles * steps,
    bytes: 16 * particles * steps + 128 * particles,
    of: "the losses of all steps",
  });
  const keys = Array.from({ length: particles }, (_, i) => random.foldIn(key, isCommon ? 0 : i));
  const words = new Uint32Array(keys.flatMap((one) => [...one.data]));
  const units = {
    key: np.array(words, { shape: [particles, 2] }),
    ...(isThetaBatched ? { theta: theta as unknown } : {}),
    ...(state === undefined ? {} : { state }),
  };
  const { each, history } = executor.forward(
    programOf(eraseProblem(problem), steps),
    { t: tree.scalar(stepsBefore, "int32"), ...(isThetaBatched ? {} : { theta: theta as unknown }) },
    units,
  );
  const losses = new Float64Array(steps * particles);
  history.forEach(({ loss }, k) => losses.set(loss!.data, k * particles));
  return { state: each, losses: np.array(losses, { shape: [steps, particles] }) };
}

interface Holder {
  theta?: unknown;
}

interface Unit extends Holder {
  key: Key;
  state?: unknown;
}

interface Carry {
  state: unknown;
  t: Tensor;
  loss: Tensor;
}

type UnrollProgram = ForwardProgram<
  Holder & { t: Tensor },
  Unit,
  object,
  { theta: unknown; key: Key },
  Carry,
  object,
  unknown
>;

/** Programs by problem and steps: a memo, because executors compile a program object once. */
const programs = new WeakMap<ErasedProblem, Map<number, UnrollProgram>>();

function programOf(problem: ErasedProblem, steps: number): UnrollProgram {
  const known = programs.get(problem) ?? new Map<number, UnrollProgram>();
  programs.set(problem, known);
  const program = known.get(steps) ?? unrollProgram(problem, steps);
  known.set(steps, program);
  return program;
}

function unrollProgram(problem: ErasedProblem, steps: number): UnrollProgram {
  return {
    name: "unroll",
    length: steps,
    begin(shared, { key, theta = shared.theta, state = initialState(problem, theta, key) }) {
      const carry = { state, t: shared.t, loss: np.zeros([], { dtype: "float64" }) };
      return { members: [{ constant: { theta, key }, carry }], kept: {} };
    },
    step(_shared, { theta, key }, { state, t }) {
      const next = advance(problem, theta, state, t, key);
      return { state: next.state, t: t.add(1), loss: next.loss.astype("float64") };
    },
    finish: (_shared, unit, members) => ({ unit, mean: {}, each: members[0]!.carry.state }),
    record: ({ loss }) => ({ loss }),
  };
}
