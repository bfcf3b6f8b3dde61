/** Mixtures of one kind of distribution: log p(x) = logsumexp_i (log w_i + log p_i(x)). */
import { type Tensor, lax, nn, np, random } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { Distribution, Parameter } from "./distribution.ts";
import {
  byDraws,
  drawnShape,
  floatParameters,
  jointShape,
  noClosedForm,
  requireDraws,
  requireEvery,
  requireNames,
  requireSome,
  spread,
} from "./parameters.ts";

export interface MixtureParameters {
  /** Of the weights softmax(logits), [..., n]. */
  logits: Parameter;
  /** The components side by side: the last axis of its batch is n. */
  component: Distribution;
}

export interface MixtureDistribution extends Distribution {
  readonly name: "mixture";
  readonly component: Distribution;
  /** log w, normalised, [...batch, n]. */
  readonly parameters: { readonly logWeights: Tensor };
}

/**
 * One of n distributions, chosen with the weights softmax(logits); the last batch axis of `component` counts them, its other
 * axes are the batch. Draws carry no derivatives: none exists by the weights, and one by the components alone would be
 * another function's.
 *
 * @throws ShapeError unless logits and the batch of the component end in the same n.
 *
 * @example
 * // Two bumps.
 * mixture({ logits: [0, 0], component: normal({ mean: [-2, 2], sd: 0.5 }) });
 */
export function mixture(parameters: MixtureParameters): MixtureDistribution {
  const where = "mixture";
  requireNames(where, parameters, ["logits", "component"]);
  const { component } = parameters;
  const found: unknown = component;
  if (typeof found !== "object" || found === null || !("batchShape" in found))
    throw new OptionError(where, "component", found, "a distribution whose batch ends in the components");
  const given = floatParameters(where, { logits: parameters.logits });
  const { logits } = given.beside();
  const n = component.batchShape.at(-1);
  if (n === undefined || logits.shape.at(-1) !== n) {
    const batch = `the batch [${component.batchShape.join(",")}] of ${component.name}`;
    throw new ShapeError(
      where,
      `logits must be [..., n] with the last axis of ${batch}, got ${logits.toString()}.`,
    );
  }
  requireEvery(where, "logits", logits, (value) => value < Infinity, "below Infinity");
  requireSome(where, "logits", logits, -Infinity);
  const { eventShape } = component;
  const whole = jointShape(where, logits.shape, component.batchShape);
  const ends = whole.slice(whole.length - component.batchShape.length);
  if (String(ends) !== String(component.batchShape)) {
    const shapes = `[${component.batchShape.join(",")}] beside logits [${logits.shape.join(",")}]`;
    throw new ShapeError(where, `the batch of the component must be as wide as the weights, got ${shapes}.`);
  }
  const batchShape = whole.slice(0, -1);
  const logWeights = (): Tensor => spread(nn.logSoftmax(logits), whole);
  /** One for each component: an axis for them before those of one draw. */
  const widened = (x: Tensor): Tensor => {
    const from = x.ndim - eventShape.length;
    return x.reshape([...x.shape.slice(0, from), 1, ...x.shape.slice(from)]);
  };
  const weighed = (moments: Tensor): Tensor => {
    const weights = np.exp(logWeights());
    const open = weights.reshape([...whole, ...eventShape.map(() => 1)]);
    return spread(moments, [...whole, ...eventShape])
      .mul(open)
      .sum(-1 - eventShape.length);
  };
  return {
    name: where,
    batchShape,
    eventShape,
    isReparameterised: false,
    component,
    get parameters() {
      return { logWeights: logWeights() };
    },
    sample(key, shape) {
      const lead = drawnShape(where, shape, batchShape);
      const missing = lead.slice(0, lead.length - (component.batchShape.length - 1));
      const each = component.sample(random.foldIn(key, "components"), missing);
      const chosen = random.categorical(random.foldIn(key, "choice"), spread(logits, [...lead, n]));
      const isChosen = chosen.reshape([...lead, 1]).equal(np.arange(n).astype("int32"));
      const open = isChosen.reshape([...lead, n, ...eventShape.map(() => 1)]);
      const draws = spread(each, [...lead, n, ...eventShape]);
      return lax.stopGradient(
        np.where(open, draws, np.zeros([], { dtype: each.dtype })).sum(-1 - eventShape.length),
      );
    },
    logProb(x) {
      const value = requireDraws(`${where}.logProb`, x, eventShape);
      const terms = component.logProb(widened(value)).add(nn.logSoftmax(given.beside(value).logits));
      // Where no component can be, the logarithm of 0 would have a derivative NaN.
      const isPossible = terms.greater(-Infinity).any(-1, { keepdims: true });
      const sum = nn.logsumexp(np.where(isPossible, terms, 0), -1);
      const none = np.where(np.isnan(terms).any(-1), NaN, -Infinity);
      return np.where(isPossible.reshape(sum.shape as number[]), sum, none);
    },
    mean: () => weighed(component.mean()),
    variance() {
      const mean = component.mean();
      const centre = weighed(mean);
      return weighed(component.variance().add(np.square(mean.sub(widened(centre)))));
    },
    entropy: () => {
      throw noClosedForm(where, "closed form of the entropy", byDraws("-d.logProb(x).mean(0)"));
    },
  };
}
