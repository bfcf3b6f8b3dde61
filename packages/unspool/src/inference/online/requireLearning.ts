/** An optimizer of theta is one that is told a gradient. */
import { OptionError } from "../../errors.ts";
import { type Optimizer, requireOptimizer } from "../../optimizers/index.ts";
import type { OnlineFilter } from "./onlineFilter.ts";

/** Throws `OptionError` for an optimizer that is none, and for one beside a filter that has no gradient for it. */
export function requireLearning<Theta, State>(
  where: string,
  filter: OnlineFilter<Theta, State>,
  optimizer: Optimizer | undefined,
): void {
  if (optimizer === undefined) return;
  requireOptimizer(where, optimizer, "optimizer");
  // Filters of one's own that do not say so are believed to.
  if ((filter.learns as boolean | undefined) !== false) return;
  const canLearn = "learns" in filter.describe;
  throw new OptionError(
    where,
    "optimizer",
    optimizer.name,
    `left out with the filter "${filter.name}"${canLearn ? " as it was made" : ""}, whose steps have no gradient by theta`,
    canLearn
      ? "Make it with learns: true, or leave theta as it is."
      : "Filters that learn: onlineVariationalFilter({ model, learns: true }), kalmanLearning, amortisedFilter.",
  );
}
