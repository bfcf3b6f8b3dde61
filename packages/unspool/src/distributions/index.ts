/** Probability distributions as plain objects: draws, log-densities, entropies and divergences. */
export {};
