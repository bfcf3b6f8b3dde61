/**
 * A twist that looks a few steps ahead by quadrature (SIXO-q; Lawson et al., NeurIPS 2022, section 5.2), for models whose
 * transitions and emissions are of independent numbers, the i-th of which sees the i-th alone:
 *
 *     log r_t(x) = sum over lags l and numbers i of  log ∫ p(y_{t+l,i} | z) N(z; m_l, v_l) dz,   N(m_1, v_1) = p(x_{t+1} | x_t)
 *
 * by Gauss-Hermite nodes, in log space. Later lags follow the transition at its mean: m_{l+1} = m(m_l) and
 * v_{l+1} = v(m_l) + m'(m_l)^2 v_l. Nothing is trained; gradients flow into the model.
 */
import { type Tensor, jvp, np, tree } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import type { StateSpaceModel } from "../../stateSpace/stateSpaceModel.ts";
import { logSumExp } from "../logSumExp.ts";
import { presence } from "../series.ts";
import { gaussHermite } from "./gaussHermite.ts";
import type { Twist } from "./twist.ts";

export interface WindowQuadratureOptions<Model> {
  /** The state-space model. */
  model: StateSpaceModel<Model>;
  /** Steps of look-ahead, L. Default 1. */
  lag?: number;
  /** Nodes per number. Default 5; tails need more. */
  degree?: number;
  /**
   * log p(y_i | z_i) by number, [..., d] for z [..., d], at step t. Default: the normal density with the mean and variance of
   * the model's emission.
   */
  logLikelihood?(model: Model, z: Tensor, y: Tensor, t: Tensor): Tensor;
}

/** By lag: y [T, dy] and whether it is there, [T]. */
type Row = { ahead: { y: Tensor; isThere: Tensor }[] };

/** The twist. Throws `OptionError` without a model, or for a lag or degree below 1. Cost: L · degree emissions per particle and step. */
export function windowQuadratureTwist<Model>(
  options: WindowQuadratureOptions<Model>,
): Twist<Model, object, Row> {
  const where = "windowQuadratureTwist";
  requireKnownOptions(where, options, ["model", "lag", "degree", "logLikelihood"]);
  const { model, lag = 1, degree = 5, logLikelihood = normalLikelihood(model) } = options;
  if (typeof model?.transition !== "function")
    throw new OptionError(
      where,
      "model",
      model,
      "a state-space model",
      "Give the one that the particles move by.",
    );
  requireInteger(where, "lag", lag, 1);
  requireInteger(where, "degree", degree, 1);
  const { nodes, weights } = gaussHermite(degree);
  const offsets = nodes.map((node) => Math.SQRT2 * node);
  const logShares = weights.map((weight) => Math.log(weight) - Math.log(Math.PI) / 2);
  return {
    name: "windowQuadrature",
    isTrained: false,
    init: () => ({}),
    rows(_, series) {
      const length = series.y.shape[0]!;
      const observed = presence(series) ?? np.ones([length], { dtype: "bool" });
      const shifted = (x: Tensor, by: number): Tensor => {
        const gap = Math.min(by, length);
        return np.concatenate([x.slice([gap, null]), np.zerosLike(x.slice([0, gap]))], 0) as Tensor;
      };
      const ahead = Array.from({ length: lag }, (_, l) => ({
        y: shifted(series.y, l + 1),
        isThere: shifted(observed, l + 1),
      }));
      return { ahead };
    },
    logTwist(_, { x, t, row, model: theta }) {
      let at = { mean: x, variance: np.zerosLike(x) };
      const terms = row.ahead.map(({ y, isThere }, l) => {
        const entered = t.add(tree.scalar(l + 1, "int32"));
        at = movedOn(model, theta, at, entered, l === 0);
        const sd = np.sqrt(at.variance) as Tensor;
        const values = offsets.map((offset, i) =>
          logLikelihood(theta, at.mean.add(sd.mul(offset)), y, entered).add(logShares[i]!),
        );
        return np.where(isThere, logSumExp(np.stack(values, -1) as Tensor).sum(-1), 0) as Tensor;
      });
      return terms.reduce((sum, term) => sum.add(term));
    },
  };
}

type Moments = { mean: Tensor; variance: Tensor };

/** Mean and variance one step on; exact for the first, linear in the mean afterwards. */
function movedOn<Model>(
  model: StateSpaceModel<Model>,
  theta: Model,
  { mean, variance }: Moments,
  t: Tensor,
  isFirst: boolean,
): Moments {
  const next = model.transition(theta, mean, t);
  if (isFirst) return { mean: next.mean(), variance: next.variance() };
  const moved = (z: Tensor): Tensor => model.transition(theta, z, t).mean();
  const [, slope] = jvp(moved, [mean], [np.onesLike(mean)]);
  return { mean: next.mean(), variance: next.variance().add(slope.mul(slope).mul(variance)) };
}

const normalLikelihood =
  <Model>(model: StateSpaceModel<Model>): NonNullable<WindowQuadratureOptions<Model>["logLikelihood"]> =>
  (theta, z, y, t) => {
    const emission = model.emission(theta, z, t);
    const variance = emission.variance();
    const from = y.sub(emission.mean());
    return from
      .mul(from)
      .div(variance)
      .add(np.log(variance) as Tensor)
      .add(Math.log(2 * Math.PI))
      .mul(-0.5);
  };
