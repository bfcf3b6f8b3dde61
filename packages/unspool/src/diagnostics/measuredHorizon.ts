/** Steps of a trajectory that is measured where the problem itself has no end. */
const openHorizon = 500;

/** How long a trajectory is that stands for a whole one: the horizon, or 500 steps of a problem without an end. */
export function measuredHorizon({ horizon }: { readonly horizon: number }): number {
  return horizon === Infinity ? openHorizon : horizon;
}
