/** The interface of compressors: what a worker sends instead of its gradient. */
import type { Key, Tensor, Tree } from "../../../array/index.ts";

/** What one worker sends, and what is understood from it. */
export interface Compressed<Gradient = unknown, State = Tree> {
  /** What goes over the wire, as tensors by leaf; codes are not packed into bytes. */
  message: Tree;
  /** The gradient as the receiver has it: same structure, shapes and dtypes. */
  decoded: Gradient;
  state: State;
  /** Size of the message on the wire: float64 scalar. A constant unless the compressor says otherwise. */
  bytes: Tensor;
}

/** What all workers know after they have sent. */
export interface Reduced<Gradient = unknown, State = Tree> {
  /** What stands for the mean of the gradients. */
  mean: Gradient;
  /** What each worker's message stands for, [workers, …]. */
  decoded: Gradient;
  /** [workers, …] */
  states: State;
  /** Sent by one worker, mean over workers: float64 scalar. */
  bytes: Tensor;
}

/**
 * A pure function from gradients to shorter messages, made of `np` functions, so it runs inside of programs and under
 * `vmap`. Leaves that are not floating-point numbers pass as they are and cost nothing. Zeros stay zeros.
 */
export interface Compressor<State extends Tree = Tree> {
  readonly name: string;
  /** Whether the mean of `decoded` over keys is the gradient. */
  readonly isUnbiased: boolean;
  /** What is to be compressed: gradients (the default), or the updates that an optimizer makes of them. */
  readonly units?: CompressedUnits;
  /** Memory of one worker, for gradients like these. */
  init(like: unknown): State;
  /** `key` is the only randomness. */
  compress<Gradient>(gradient: Gradient, state: State, key: Key): Compressed<Gradient, State>;
  /**
   * The exchange among workers, where it is not the mean of what each sent by itself: gradients and states
   * [workers, …].
   */
  reduce?<Gradient>(gradients: Gradient, states: State, key: Key): Reduced<Gradient, State>;
}

export type CompressedUnits = "gradient" | "update";
