/**
 * What others must know of an optimizer besides how it is made. Each trait stands on the optimizer's line in its registry;
 * the conformance suite and the tests of all optimizers decide by traits, never by names.
 */

/** With what the conformance suite makes an optimizer. */
export interface ConformanceTraits {
  /**
   * Hyperparameters that can be learned, with values with which it descends on curvatures 1 to 3. Default 0.05 for the
   * learning rate, or, without one, all numbers at their defaults; of what stands around sgd the learning rate of that.
   */
  readonly hyperparameters?: Readonly<Record<string, number>>;
  /** Other options with which it does. Default: its own defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Steps after which the loss must be at half its value. Default 200. */
  readonly stepsOfDescent?: number;
}

/** Of an optimizer of gradients. */
export interface OptimizerTraits extends ConformanceTraits {
  /** Moves theta also where the gradient has always been zero: weight decay, or noise. Default false. */
  readonly hasDecay?: boolean;
  /** Treats each leaf by itself, so that a nested tree is not the flat vector. Default false. */
  readonly isPerLeaf?: boolean;
  /** The elements of a vector have to do with each other, or draw noise of their own. Default false. */
  readonly isJoint?: boolean;
}

/** Of an optimizer of objectives. */
export interface ObjectiveOptimizerTraits extends ConformanceTraits {
  /** Moves theta also where the gradient is zero: weight decay, Langevin noise. Default false. */
  readonly movesAtRest?: boolean;
  /** Backpropagation goes through its steps. Default true. */
  readonly isDifferentiable?: boolean;
}
