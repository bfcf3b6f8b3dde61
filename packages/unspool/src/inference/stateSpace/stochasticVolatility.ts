/**
 * Stochastic volatility of N series of returns (Chib, Omori and Asai 2009; Lawson et al., NeurIPS 2022, section 5.2):
 *
 *     x_0 ~ N(mu, Q),   x_t = mu + phi (x_{t-1} - mu) + nu_t,   nu_t ~ N(0, Q),   y_t = beta exp(x_t / 2) e_t
 *
 * with e_t standard normal, Q diagonal and phi in (-1, 1): states are logarithms of variances.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { diagonalNormal } from "../../distributions/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

/** [N] each; phi = tanh(rawPhi), Q = exp(2 logSd), beta = exp(logBeta). */
export type StochasticVolatilityTheta = { mu: Tensor; rawPhi: Tensor; logSd: Tensor; logBeta: Tensor };

export interface StochasticVolatilityOptions {
  /** Returns per step, N. */
  series: number;
  /** Where learning starts. Default mu 0, phi 0.1, sd 1, beta 1, as published. */
  start?: { mu?: number; phi?: number; sd?: number; beta?: number };
  /** Standard deviation of what is added to each starting number. Default 0.01. */
  spread?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** The model. `volatilityTheta` makes parameters of known numbers, to simulate from. */
export function stochasticVolatility(
  options: StochasticVolatilityOptions,
): StateSpaceModel<StochasticVolatilityTheta> {
  const where = "stochasticVolatility";
  requireKnownOptions(where, options, ["series", "start", "spread", "dtype"]);
  const { series, start = {}, spread = 0.01, dtype = "float32" } = options;
  requireInteger(where, "series", series, 1);
  const around = volatilityTheta({ series, phi: 0.1, sd: 1, beta: 1, mu: 0, ...start, dtype });
  return {
    name: "stochasticVolatility",
    stateSize: series,
    observationSize: series,
    init(key: Key) {
      const near = (name: keyof StochasticVolatilityTheta): Tensor =>
        around[name].add(random.normal(random.foldIn(key, name), [series], { dtype }).mul(spread));
      return { mu: near("mu"), rawPhi: near("rawPhi"), logSd: near("logSd"), logBeta: near("logBeta") };
    },
    initial: ({ mu, logSd }) => diagonalNormal({ mean: mu, logSd }),
    transition({ mu, rawPhi, logSd }, x) {
      const mean = (np.tanh(rawPhi) as Tensor).mul(x.sub(mu)).add(mu);
      return diagonalNormal({ mean, logSd });
    },
    emission: ({ logBeta }, x) => diagonalNormal({ mean: np.zerosLike(x), logSd: x.mul(0.5).add(logBeta) }),
  };
}

/** Parameters whose series are alike; by default those of the synthetic data of the card: mu -1, phi 0.9, sd 0.4, beta 0.05. */
export function volatilityTheta(options: {
  series: number;
  mu?: number;
  phi?: number;
  sd?: number;
  beta?: number;
  dtype?: "float32" | "float64";
}): StochasticVolatilityTheta {
  requireKnownOptions("volatilityTheta", options, ["series", "mu", "phi", "sd", "beta", "dtype"]);
  const { series, mu = -1, phi = 0.9, sd = 0.4, beta = 0.05, dtype = "float32" } = options;
  const all = (value: number): Tensor => np.full([series], value, { dtype });
  return {
    mu: all(mu),
    rawPhi: all(Math.atanh(phi)),
    logSd: all(Math.log(sd)),
    logBeta: all(Math.log(beta)),
  };
}
