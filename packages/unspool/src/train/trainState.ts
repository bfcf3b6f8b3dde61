/** All that the next outer step needs. */
import type { Key } from "../array/index.ts";
import { type Method, descent } from "../methods/index.ts";
import type { Setup } from "./experiment.ts";

/** Plain data: it is what a checkpoint holds. */
export interface TrainState {
  /** Outer steps done. */
  readonly step: number;
  /** Key of the run; each outer step derives its own from it. uint32[2] */
  readonly key: Key;
  readonly theta: unknown;
  readonly methodState: unknown;
  /** Inner steps spent so far, over all particles. */
  readonly innerSteps: number;
}

/** A memo, so that a pure function of setup and state need not compile at every call. */
const descents = new WeakMap<Setup, Method>();

/** The method of a setup. */
export function methodOf<Theta>(setup: Setup<Theta>): Method<Theta> {
  if (setup.method !== undefined) return setup.method;
  const known = descents.get(setup as Setup) ?? (descent(setup.estimator, setup.optimizer) as Method);
  descents.set(setup as Setup, known);
  return known as Method<Theta>;
}
