/**
 * What filters a stream: one observation at a time, at a cost that does not grow with time, its whole memory in a state that is
 * data. A filter learns nothing by itself: it gives the gradient by theta to whoever does (`filterStream`, `onlineLearning`).
 */
import type { Key, Tensor } from "../../array/index.ts";
import type { StepMetrics } from "../../methods/index.ts";

/** What one observation has led to. */
export interface FilterStep<Theta, State> {
  state: State;
  /** Mean and standard deviation of x_t given y_0 … y_t, [dx]. */
  mean: Tensor;
  sd: Tensor;
  /** Of x_{t-1} given y_0 … y_t, of filters that smooth one step. */
  past?: { mean: Tensor; sd: Tensor };
  /** The filter's estimate of log p(y_0 … y_t), or of a bound of it; null of a filter that has none. */
  logEvidence: number | null;
  /** By theta, of the loss -log p(y_t | y_0 … y_{t-1}); where the filter learns, and not in its first steps. */
  gradient?: Theta;
  metrics: StepMetrics;
}

/** All of it pure: the same arguments give the same bits. */
export interface OnlineFilter<Theta = unknown, State = unknown> {
  readonly name: string;
  /** Numbers in an observation. */
  readonly observationSize: number;
  /** Its steps give gradients by theta, but for the first few: what an optimizer needs. */
  readonly learns: boolean;
  /** Names and options of its parts, as plain data. */
  readonly describe: Readonly<Record<string, unknown>>;
  /** Before the first observation. */
  init(theta: Theta, key: Key): State;
  /** After y [dy], or after a step in which nothing was observed (null). `key` is for this step alone. */
  step(theta: Theta, state: State, y: Tensor | null, key: Key): FilterStep<Theta, State>;
}
