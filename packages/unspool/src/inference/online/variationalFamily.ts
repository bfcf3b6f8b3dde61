/**
 * What a variational filter learns at one time t: the pair of a filter density q_t(x_t) and a backward kernel
 * q_t(x_{t-1} | x_t), with one record of parameters phi_t. With the kernels of earlier times it is a whole smoother,
 *
 *     q_t(x_0 … x_t) = q_t(x_t) Π_k q_k(x_{k-1} | x_k).
 *
 * Campbell, Shi, Rainforth and Doucet 2021, section 3.1.
 */
import type { Key, Tensor } from "../../array/index.ts";

/** Mean and standard deviation of each number of a state, [dx]. */
export interface StateMoments {
  mean: Tensor;
  sd: Tensor;
}

/** Densities of the pair. All functions are made of `np` functions; n states are [n, dx], their log-densities [n]. */
export interface VariationalFamily<Phi = unknown> {
  readonly name: string;
  /** States are smooth functions of phi and of standard normal noise: what the gradient by phi needs. */
  readonly isReparameterised: boolean;
  /** The backward kernel's mean is affine in x_t and its spread constant: what exact recursions need. */
  readonly isAffine: boolean;
  /** Parameters before anything was seen, float64. */
  init(key: Key, stateSize: number): Phi;
  /** x_t of standard normal noise [n, dx]. */
  sample(phi: Phi, noise: Tensor): Tensor;
  logProb(phi: Phi, x: Tensor): Tensor;
  /** x_{t-1} given x_t, of standard normal noise [n, dx]. */
  samplePast(phi: Phi, x: Tensor, noise: Tensor): Tensor;
  logProbPast(phi: Phi, past: Tensor, x: Tensor): Tensor;
  /** Of q_t(x_t). */
  moments(phi: Phi): StateMoments;
  /** Phi with another q_t(x_t) and the same backward kernel. */
  moved(phi: Phi, moments: StateMoments): Phi;
  /** Phi with a backward kernel x_{t-1} = weights · x_t + bias + sd · noise, weights [dx] or [dx, dx]; affine families only. */
  withAffinePast?(phi: Phi, past: { weights: Tensor; bias: Tensor; sd: Tensor }): Phi;
  /** Phi with a backward kernel of this spread, [dx]: where the first kernel starts. */
  withPastSd?(phi: Phi, sd: Tensor): Phi;
}
