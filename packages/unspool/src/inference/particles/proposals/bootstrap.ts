/** The bootstrap proposal (Gordon, Salmond and Smith 1993): particles are drawn from the transition, and see no data. */
import type { Proposal } from "./proposal.ts";

/** q_t = p(x_t | x_{t-1}). Nothing to learn; for models of any distribution. */
export function bootstrap(): Proposal<unknown, object> {
  return {
    name: "bootstrap",
    isPrior: true,
    init: () => ({}),
    propose: (_, { prior }) => prior,
  };
}
