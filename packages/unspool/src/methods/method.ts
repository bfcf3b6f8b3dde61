/**
 * The interface of methods: what one outer step is. The outer loop runs a method and knows nothing else, so what is
 * neither a gradient nor an optimizer (ask and tell, two parties in turn, a warm-started inner state) is one as well.
 */
import type { Key, Tensor } from "../array/index.ts";
import type { MadeFor } from "../estimators/index.ts";
import type { Json } from "../json.ts";
import type { RegistrationReport } from "../optimizers/index.ts";
import type { Executor, OuterProgram } from "../unroll/index.ts";

/** What computes a run, part by part, as plain data: kept with the run and its checkpoints, and compared at resume. */
export type Recipe = { readonly [part: string]: Json };

/** What the loop itself writes into the record of a step: no metric has one of these names. */
export const reservedMetrics: readonly string[] = ["step", "loss", "durationMs", "theta", "crc"];

/** Named numbers of one outer step, with other names than `reservedMetrics`; those that are undefined are left out. */
export interface StepMetrics {
  /** Inner steps that the step has cost, over all particles: what budgets and comparisons count in. */
  innerSteps: number;
  /** Updates that were left out; 0 is not logged. A loss that is not finite is no error in a step with one. */
  skippedUpdates?: number | undefined;
  [metric: string]: number | undefined;
}

export interface MethodStep<Theta, State> {
  theta: Theta;
  state: State;
  /** What is minimised, as this step saw it; null in a step that has none, or whose being infinite is a result. */
  loss: number | null;
  metrics: StepMetrics;
}

/** Several outer steps, measured step by step: the tensors below have a first axis of `steps`. */
export interface MethodSteps<Theta, State> {
  theta: Theta;
  state: State;
  /** Steps done: from 1 to as many as were asked for. */
  steps: number;
  /** Null where these steps have none. */
  loss: Tensor | null;
  /** bool: loss, theta and whatever else `step` would throw for are finite. */
  isFinite: Tensor;
  /** Of each step. */
  innerSteps: number;
  metrics: Readonly<Record<string, Tensor>>;
  /** Theta after each step, for thetas of up to `loggedThetaSize` numbers. */
  thetas?: unknown;
}

/** Outer steps as windows of units, and what happens between them. */
export interface MethodWindows<Theta, State> {
  readonly executor: Executor;
  readonly program: OuterProgram;
  /** As many steps as these windows are good for. */
  readonly most: number;
  /** Leaves [units, …]. */
  readonly units: unknown;
  /** The outer state before step `from`, as `several` has it. */
  start(key: Key, from: number): unknown;
  /** What was measured: records [steps, …]. */
  measured(record: unknown, steps: number): Omit<MethodSteps<Theta, State>, "theta" | "state">;
  /** After `steps` windows. */
  after(outer: unknown, units: unknown, steps: number): { theta: Theta; state: State };
}

/** Thetas of up to this many numbers are logged at every outer step. */
export const loggedThetaSize = 32;

/**
 * One outer step. Pure: the same theta, state and key give the same bits. State is data (tensors, numbers, strings,
 * booleans and null in records and arrays), so that a checkpoint can hold it.
 *
 * @example
 * const method: Method<Theta, { sigma: number; loss: number }> = {
 *   name: "onePlusOne",
 *   recipe: () => ({ offspring: { sigma: 0.3 } }),
 *   init: () => ({ sigma: 0.3, loss: Infinity }),
 *   step(theta, state, key) { … return { theta, state, loss, metrics: { innerSteps: 1 } }; },
 * };
 */
export interface Method<Theta = unknown, State = unknown> {
  readonly name: string;
  /** What the loss of a step is, in a sentence or two for reports: where it may rise in a run that goes well. */
  readonly lossNote?: string;
  /** Where it minimises the losses of one inner problem's steps: what `compare` and `diagnose` make estimators of. */
  readonly madeFor?: MadeFor;
  /** Names and options of its parts. `theta` and `state` are those before the first step. */
  recipe(theta: Theta, state: State): Recipe;
  /** `key` is for this call alone. */
  init(theta: Theta, key: Key): State;
  /**
   * The next step. `theta` is what the step before returned, and what it returns has its structure, shapes and dtypes.
   * Throws `NonFiniteError` for what is not finite and not to be seen in loss or theta.
   */
  step(theta: Theta, state: State, key: Key): MethodStep<Theta, State>;
  /**
   * Up to `count` steps in one call, with the bits of single ones: that of index i has the key `foldIn(key, i)`, the
   * first is `from`. Undefined where the next step must be taken by `step`.
   */
  several?(
    theta: Theta,
    state: State,
    key: Key,
    from: number,
    count: number,
  ): MethodSteps<Theta, State> | undefined;
  /** `several` in its parts, for whoever runs windows of units elsewhere. Undefined as `several` is. */
  windows?(theta: Theta, state: State): MethodWindows<Theta, State> | undefined;
  /** The parameters to evaluate and to keep, where they are not `theta` itself (averages, slow weights). */
  evaluationTheta?(theta: Theta, state: State): Theta;
  /**
   * What becomes of theta's parameters, for methods that look at the layers of a network: the run's report has a figure of it.
   */
  registrationReport?(theta: Theta): RegistrationReport;
  /** Throws `ResumeError` for a state out of a checkpoint that is of another method, whose recipe was forced. */
  requireState?(theta: Theta, state: unknown): void;
}
