/** What rewards of the walkers are made of. */
import type { Moved } from "../mujocoEnvironment.ts";

/** Velocity of the first position, over a whole step. */
export const forward = ({ positions, from, duration }: Moved): number =>
  (positions[0]! - from[0]!) / duration;

export const squared = (action: Float64Array): number => action.reduce((sum, x) => sum + x * x, 0);
