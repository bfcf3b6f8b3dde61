/** Quantum thermal states on a classical machine: hermitian helpers, models, their information metric, natural and mirror descent. */
export {};
