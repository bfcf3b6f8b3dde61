/** What a user says of an optimizer. */
import type { Hyperparameter, Optimizer } from "../optimizers/index.ts";
import type { Declared } from "./check.ts";

export interface OptimizerSubject extends Declared {
  /** Makes the optimizer; `hyperparameters` has the names of the option of that name, or nothing. */
  create(hyperparameters: Readonly<Record<string, Hyperparameter>>): Optimizer;
  /**
   * Hyperparameters that can be learned, with values with which the optimizer descends on curvatures 1 to 3. Default
   * `{ learningRate: 0.05 }`.
   */
  hyperparameters?: Readonly<Record<string, number>>;
  /** Moves theta also where the gradient has always been zero: weight decay. Default false. */
  hasDecay?: boolean;
  /** Treats each leaf by itself (LAMB, LARS), so that a nested tree is not the flat vector. Default false. */
  isPerLeaf?: boolean;
  /** Updates after which a quadratic must be at half its value. Default 200. */
  stepsOfDescent?: number;
}

export type CheckedOptimizer = Required<Omit<OptimizerSubject, "placeOf">>;
