/** Measures of many points (of a line, of a run's course), an outer step each, so that they are logged and resumable. */
import type { Method } from "unspool";

/** What is known of a point; `loss` is the step's. One that is not finite is a result, and other points are measured. */
export type PointMeasure = Readonly<Record<string, number>> & { readonly loss: number };

/** Theta stays as it is; step i measures point i, at a cost of `innerSteps` inner steps. */
export function eachPoint<Theta>(
  name: string,
  at: (theta: Theta, point: number) => PointMeasure,
  innerSteps = 0,
): Method<Theta, { point: number }> {
  return {
    name: "eachPoint",
    recipe: () => ({ eachPoint: { name } }),
    init: () => ({ point: 0 }),
    step(theta, { point }) {
      const { loss, ...rest } = at(theta, point);
      return {
        theta,
        state: { point: point + 1 },
        loss: Number.isFinite(loss) ? loss : null,
        metrics: { innerSteps, ...rest },
      };
    },
  };
}
