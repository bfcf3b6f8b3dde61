/** How the optimizers that ship are made. */
import { learnedOptimizer, learnedOptimizerPool, learnedOptions } from "@unspool/experiments";
import type { Experiment } from "unspool";

export interface LearnedChoice {
  architecture: string;
  options: Record<string, unknown>;
}

export interface Recipe {
  name: string;
  experiment: Experiment;
  seed: number;
  config: Record<string, unknown>;
  /** Outer steps that are done of those that the config's schedules are for. Default: all. */
  until?: number;
  /** The learned optimizer of a parsed config. */
  learned(config: unknown): LearnedChoice;
}

export const recipes: readonly Recipe[] = [
  {
    name: "star-mnist",
    experiment: learnedOptimizer,
    seed: 0,
    config: {
      steps: 2000,
      hidden: [[16], [32], []],
      pairs: 4,
    },
    learned(config) {
      const choice = config as LearnedChoice;
      return { architecture: choice.architecture, options: learnedOptions(choice) };
    },
  },
  {
    name: "star-pool",
    experiment: learnedOptimizerPool,
    seed: 0,
    config: { steps: 4000, tasks: 20, dearest: 1e7, windowCost: 4e7 },
    // Where the run was stopped that made the file: its learning rate falls as if 4000 steps followed.
    until: 928,
    learned: (config) => config as LearnedChoice,
  },
];
