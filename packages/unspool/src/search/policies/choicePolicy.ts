/**
 * Policies whose networks a choice shapes: which edges there are, which weights are tied. They are plain arithmetic on plain
 * numbers, for simulators; parameters are one vector, which `esEnas` searches together with the choice.
 */
import { Tensor } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { ChoiceSpace } from "../hybrid/choiceSpace.ts";
import type { NetworkDrawing } from "./networkDrawing.ts";

export interface ChoicePolicy {
  readonly name: string;
  /** d: how many numbers theta has. */
  readonly numParameters: number;
  /** What there is to choose; an empty list where the structure is fixed. */
  readonly discreteSpace: ChoiceSpace;
  /** The action [A] for an observation [S]. */
  act(choice: Int32Array, theta: Float64Array, observation: ArrayLike<number>): Float64Array;
  /** Its nodes and edges. */
  network(choice: Int32Array, theta: Float64Array): NetworkDrawing;
}

export interface LayerSizes {
  /** S. */
  observations: number;
  /** Nodes of each hidden layer. Default: none, the policy is linear. */
  hidden?: readonly number[];
  /** A. */
  actions: number;
}

/** What an action is made of an output's sum: its tanh, or itself cut at ±1. */
export type OutputKind = "tanh" | "clip";

/** Throws `ShapeError` unless theta and observation have the lengths that a policy takes. */
export function requireLengths(
  where: string,
  theta: Float64Array,
  parameters: number,
  observation: ArrayLike<number>,
  observations: number,
): void {
  if (Tensor.is(theta))
    throw new OptionError(
      where,
      "theta",
      theta,
      "a Float64Array",
      "Of a tensor: Float64Array.from(theta.data).",
    );
  if (theta.length !== parameters)
    throw new ShapeError(where, `theta has ${parameters} numbers, got ${theta.length}.`);
  if (observation.length !== observations)
    throw new ShapeError(where, `an observation has ${observations} numbers, got ${observation.length}.`);
}

export const outputs: Readonly<Record<OutputKind, (x: number) => number>> = {
  tanh: Math.tanh,
  clip: (x) => Math.min(1, Math.max(-1, x)),
};
