/**
 * Kullback-Leibler divergences in closed form, KL(p || q) = E_p[log p(x) - log q(x)], by the kinds of p and q. Sources of the
 * formulas: the moments of the exponential families, written out.
 */
import { type Tensor, nn, np } from "../array/index.ts";
import { ShapeError, UnspoolError } from "../errors.ts";
import type { BernoulliDistribution } from "./bernoulli.ts";
import { type BetaDistribution, logBeta } from "./beta.ts";
import type { CategoricalDistribution } from "./categorical.ts";
import type { DiagonalNormalDistribution } from "./diagonalNormal.ts";
import { digamma } from "./digamma.ts";
import { type DirichletDistribution, logNormaliser } from "./dirichlet.ts";
import type { Distribution } from "./distribution.ts";
import type { GammaDistribution } from "./gamma.ts";
import type { IndependentDistribution } from "./independent.ts";
import { logGamma } from "./logGamma.ts";
import type { MultivariateNormalDistribution } from "./multivariateNormal.ts";
import type { NormalDistribution } from "./normal.ts";
import { spread } from "./parameters.ts";
import type { PoissonDistribution } from "./poisson.ts";
import type { TransformedDistribution } from "./transformed.ts";
import { whitened } from "./whitened.ts";

/** Kinds whose divergence from the same kind has a form. */
type Kinds = {
  normal: NormalDistribution["parameters"];
  multivariateNormal: MultivariateNormalDistribution["parameters"];
  categorical: CategoricalDistribution["parameters"];
  bernoulli: BernoulliDistribution["parameters"];
  poisson: PoissonDistribution["parameters"];
  gamma: GammaDistribution["parameters"];
  beta: BetaDistribution["parameters"];
  dirichlet: DirichletDistribution["parameters"];
};

const forms: { readonly [Kind in keyof Kinds]: (p: Kinds[Kind], q: Kinds[Kind]) => Tensor } = {
  normal(p, q) {
    const ratio = np.exp(p.logSd.sub(q.logSd));
    const z = p.mean.sub(q.mean).div(q.sd);
    return ratio.mul(ratio).add(z.mul(z)).sub(1).mul(0.5).add(q.logSd).sub(p.logSd);
  },
  multivariateNormal(p, q) {
    const d = p.mean.shape.at(-1)!;
    // Columns of p's factor as vectors, an axis more on q's batch.
    const columns = np.matrixTranspose(p.scaleTril);
    const factor = q.scaleTril.reshape([...q.scaleTril.shape.slice(0, -2), 1, d, d]);
    const spreadOf = np.square(whitened(factor, columns)).sum([-1, -2]);
    const distance = np.square(whitened(q.scaleTril, p.mean.sub(q.mean))).sum(-1);
    const logSize = (of: Tensor): Tensor => np.log(np.diagonal(of, 0, -2, -1)).sum(-1);
    const volume = logSize(q.scaleTril).sub(logSize(p.scaleTril));
    return spreadOf.add(distance).sub(d).mul(0.5).add(volume);
  },
  categorical(p, q) {
    const isPossible = p.logProbs.greater(-Infinity);
    const [own, other] = [p.logProbs, q.logProbs].map((x) => np.where(isPossible, x, 0));
    return np.where(isPossible, np.exp(own!).mul(own!.sub(other!)), 0).sum(-1);
  },
  bernoulli(p, q) {
    const side = (sign: 1 | -1): Tensor => {
      const [own, other] = [p.logits, q.logits].map((x) => nn.logSigmoid(x.mul(sign)));
      const isPossible = own!.greater(-Infinity);
      const [safe, beside] = [own!, other!].map((x) => np.where(isPossible, x, 0));
      return np.where(isPossible, np.exp(safe!).mul(safe!.sub(beside!)), 0);
    };
    return side(1).add(side(-1));
  },
  poisson(p, q) {
    const isSome = p.rate.greater(0);
    const [own, other] = [p.rate, q.rate].map((x) => np.where(isSome, x, 1));
    return np
      .where(isSome, own!.mul(np.log(own!).sub(np.log(other!))), 0)
      .sub(p.rate)
      .add(q.rate);
  },
  gamma: inWide((p, q) =>
    p.shape
      .sub(q.shape)
      .mul(digamma(p.shape))
      .sub(logGamma(p.shape))
      .add(logGamma(q.shape))
      .add(q.shape.mul(np.log(p.rate).sub(np.log(q.rate))))
      .add(p.shape.mul(q.rate.sub(p.rate)).div(p.rate)),
  ),
  beta: inWide((p, q) => {
    const [a, b] = [p.a.sub(q.a), p.b.sub(q.b)];
    return logBeta(q.a, q.b)
      .sub(logBeta(p.a, p.b))
      .add(a.mul(digamma(p.a)))
      .add(b.mul(digamma(p.b)))
      .sub(a.add(b).mul(digamma(p.a.add(p.b))));
  }),
  dirichlet: inWide((p, q) => {
    const [own, other] = [p.concentration, q.concentration];
    const slope = digamma(own).sub(digamma(own.sum(-1, { keepdims: true })));
    return logNormaliser(other).sub(logNormaliser(own)).add(own.sub(other).mul(slope).sum(-1));
  }),
};

/** A formula of gamma functions, whose terms are large beside their sum, in float64. */
function inWide<P extends Readonly<Record<string, Tensor>>>(form: (p: P, q: P) => Tensor) {
  return (p: P, q: P): Tensor => {
    const all = [...Object.values(p), ...Object.values(q)];
    const dtype = all.some((x) => x.dtype === "float64") ? "float64" : "float32";
    const wide = (of: P): P =>
      Object.fromEntries(Object.entries(of).map(([name, x]) => [name, x.astype("float64")])) as P;
    return form(wide(p), wide(q)).astype(dtype);
  };
}

/**
 * KL(p || q) in nats, over the batches of both, which broadcast. Of two distributions of one kind among normal, diagonalNormal,
 * multivariateNormal, categorical, bernoulli, poisson, gamma, beta and dirichlet; between diagonal and full normal vectors; of
 * two `independent` ones over the same axes, and of two that one bijector has transformed.
 *
 * @throws UnspoolError (code UNSUPPORTED) for a pair without a closed form. Estimate it from draws of p: the mean of
 * p.logProb(x) - q.logProb(x).
 * @throws ShapeError where the draws of p are not those of q.
 *
 * @example
 * kl(normal({ mean: 1, sd: 1 }), normal({ mean: 0, sd: 1 })); // 0.5
 */
export function kl(p: Distribution, q: Distribution): Tensor {
  const [own, other] = [p, q].map(({ eventShape }) => `[${eventShape.join(",")}]`);
  if (own !== other)
    throw new ShapeError(
      "kl",
      `draws of ${p.name} are ${own}, those of ${q.name} are ${other}. Compare alike ones.`,
    );
  const found = closedForm(p, q);
  if (found !== undefined) return found;
  throw new UnspoolError(
    "UNSUPPORTED",
    `kl: there is no closed form for ${p.name} and ${q.name}. Estimate it from draws: x = p.sample(key, [1000]), then ` +
      "p.logProb(x).sub(q.logProb(x)).mean(0).",
    { p: p.name, q: q.name },
  );
}

function closedForm(p: Distribution, q: Distribution): Tensor | undefined {
  if (isVector(p) && isVector(q) && p.name !== q.name)
    return forms.multivariateNormal(factored(p), factored(q));
  if (isIndependent(p) && isIndependent(q)) {
    if (p.axes !== q.axes) return undefined;
    const inner = closedForm(p.base, q.base);
    return inner?.sum(Array.from({ length: p.axes }, (_, i) => -1 - i));
  }
  if (isTransformed(p) && isTransformed(q))
    return p.bijector === q.bijector ? closedForm(p.base, q.base) : undefined;
  if (p.name !== q.name || !(p.name in forms) || !hasParameters(p) || !hasParameters(q)) return undefined;
  const form = forms[p.name as keyof Kinds] as (p: unknown, q: unknown) => Tensor;
  return form(p.parameters, q.parameters);
}

const hasParameters = (d: Distribution): d is Distribution & { parameters: unknown } => "parameters" in d;
const isIndependent = (d: Distribution): d is IndependentDistribution => "axes" in d && "base" in d;
const isTransformed = (d: Distribution): d is TransformedDistribution => "bijector" in d;
const isDiagonal = (d: Distribution): d is DiagonalNormalDistribution => d.name === "diagonalNormal";
const isFull = (d: Distribution): d is MultivariateNormalDistribution => d.name === "multivariateNormal";
const isVector = (d: Distribution): d is DiagonalNormalDistribution | MultivariateNormalDistribution =>
  isDiagonal(d) || isFull(d);

/** Mean and factor, of diagonal normal vectors too. */
function factored(
  d: DiagonalNormalDistribution | MultivariateNormalDistribution,
): MultivariateNormalDistribution["parameters"] {
  if (isFull(d)) return d.parameters;
  const { mean, sd } = d.parameters;
  const n = sd.shape.at(-1)!;
  const row = sd.reshape([...sd.shape, 1]);
  const identity = np.eye(n, n, { dtype: sd.dtype });
  return { mean, scaleTril: spread(row, [...sd.shape, n]).mul(identity) };
}
