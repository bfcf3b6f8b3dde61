/** Where flows start: a normal distribution that may be trained, or a uniform one in a box. */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";

/** The distribution of z. */
export interface FlowBase<Params = unknown> {
  readonly dim: number;
  init(): Params;
  /** [n] of [n, d]. */
  logProb(params: Params, z: Tensor): Tensor;
  /** [count, d], and its log-density [count]. */
  sampleAndLogProb(params: Params, key: Key, count: number): { z: Tensor; logProb: Tensor };
}

export interface GaussianBaseOptions {
  /** d: numbers of a point. */
  dim: number;
  /** Whether mean and log-scale of each coordinate are learned. Default true. */
  isTrainable?: boolean;
  /** First standard deviation of each coordinate. Default 1. */
  scale?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** Of a base that is not trained there are none. */
export interface GaussianBaseParams {
  /** [d]. */
  mean?: Tensor;
  /** [d]. */
  logScale?: Tensor;
}

const logTwoPi = Math.log(2 * Math.PI);

/** Independent normals: z = mean + exp(logScale) n. */
export function gaussianBase(options: GaussianBaseOptions): FlowBase<GaussianBaseParams> {
  requireKnownOptions("gaussianBase", options, ["dim", "isTrainable", "scale", "dtype"]);
  const { dim, isTrainable = true, scale = 1, dtype = "float32" } = options;
  requireInteger("gaussianBase", "dim", dim, 1);
  if (!(Number.isFinite(scale) && scale > 0))
    throw new OptionError("gaussianBase", "scale", scale, "a finite number above 0");
  const own = ({ mean, logScale }: GaussianBaseParams): Required<GaussianBaseParams> => ({
    mean: mean ?? np.zeros([dim], { dtype }),
    logScale: logScale ?? np.full([dim], Math.log(scale), { dtype }),
  });
  /** Of standardised numbers. */
  const logDensity = (n: Tensor, logScale: Tensor): Tensor =>
    n
      .mul(n)
      .sum(1)
      .mul(-0.5)
      .sub(logScale.sum())
      .sub(0.5 * dim * logTwoPi);
  return {
    dim,
    init: () => (isTrainable ? own({}) : {}),
    logProb(params, z) {
      const { mean, logScale } = own(params);
      return logDensity(z.sub(mean).mul(np.exp(logScale.neg())), logScale);
    },
    sampleAndLogProb(params, key, count) {
      const { mean, logScale } = own(params);
      const n = random.normal(key, [count, dim], { dtype });
      return { z: mean.add(n.mul(np.exp(logScale))), logProb: logDensity(n, logScale) };
    },
  };
}

export interface UniformBaseOptions {
  /** d: numbers of a point. */
  dim: number;
  /** Default -pi. */
  low?: number;
  /** Default pi. */
  high?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** The same density all over a box; outside it is not looked for, since the maps of a flow on a circle keep to it. */
export function uniformBase(options: UniformBaseOptions): FlowBase<Record<string, never>> {
  requireKnownOptions("uniformBase", options, ["dim", "low", "high", "dtype"]);
  const { dim, low = -Math.PI, high = Math.PI, dtype = "float32" } = options;
  requireInteger("uniformBase", "dim", dim, 1);
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new OptionError("uniformBase", "high", high, `a finite number above low, ${low}`);
  const level = -dim * Math.log(high - low);
  return {
    dim,
    init: () => ({}),
    logProb: (_, z) => np.full([z.shape[0]!], level, { dtype: z.dtype }),
    sampleAndLogProb: (_, key, count) => ({
      z: random
        .uniform(key, [count, dim], { dtype })
        .mul(high - low)
        .add(low),
      logProb: np.full([count], level, { dtype }),
    }),
  };
}
