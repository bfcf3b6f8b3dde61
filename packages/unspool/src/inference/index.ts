/** State-space models, particle filters and smoothers, online variational filtering, flows and annealed importance sampling. */
export {};
