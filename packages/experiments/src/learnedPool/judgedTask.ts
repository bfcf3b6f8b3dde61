/** A family of tasks with the length of its training runs, and changes of families that keep what is learned. */
import type { Tensor, TaskFamily } from "unspool";

export interface JudgedTask {
  /** Unique in its list: letters, digits and `-`. */
  name: string;
  /** For people. */
  words: string;
  /** Steps of a training run. */
  horizon: number;
  /** About the loss before training, in which losses of tasks of different scales are told. */
  unit: number;
  /** Loads or draws its data. */
  family(): TaskFamily;
}

/** The family with losses times `scale`, and cut at `ceiling` of the unscaled loss where its own is infinite. */
export function rescaled(family: TaskFamily, scale: number, ceiling: number = Infinity): TaskFamily {
  return {
    ...family,
    name: scale === 1 ? family.name : `${scale} · ${family.name}`,
    loss: (config, parameters, batch): Tensor => family.loss(config, parameters, batch).mul(scale),
    ceiling: Math.min(family.ceiling, ceiling) * scale,
  };
}
