/** Distributions of y = f(x): log p(y) = log p(x) - log |det dy/dx| at x = f⁻¹(y). */
import { type Tensor, np } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import type { Bijector } from "./bijectors/bijector.ts";
import type { Distribution } from "./distribution.ts";
import { byDraws, jointShape, noClosedForm, requireDraws, spread } from "./parameters.ts";

type LinearMap = { readonly scale: Tensor; readonly shift: Tensor };

export interface TransformedDistribution extends Distribution {
  readonly base: Distribution;
  readonly bijector: Bijector;
}

/**
 * `base` moved by `bijector`. Draws are as reparameterised as those of `base`. What is no image has the log-density -Infinity.
 * Mean, variance and entropy are known for affine bijectors.
 *
 * @throws ShapeError where the bijector maps more axes together than one draw has.
 *
 * @example
 * transformed(normal({ mean: 0, sd: 1 }), expBijector); // log-normal
 */
export function transformed(base: Distribution, bijector: Bijector): TransformedDistribution {
  const name = `transformed(${base.name}, ${bijector.name})`;
  const { batchShape, eventShape } = base;
  const rest = eventShape.length - bijector.eventRank;
  if (rest < 0) {
    const maps = `${bijector.name} maps ${bijector.eventRank} axes together`;
    throw new ShapeError(
      name,
      `${maps}, got draws [${eventShape.join(",")}]. Make them wider by independent.`,
    );
  }
  /** Axes of a draw whose elements the bijector maps one by one. */
  const single = Array.from({ length: rest }, (_, i) => -1 - i);
  const whole = eventShape.map((_, i) => -1 - i);
  const summed = (x: Tensor): Tensor => (rest === 0 ? x : x.sum(single));
  const map = bijector.linear?.();
  if (map !== undefined) requireWithin(name, map, [...batchShape, ...eventShape]);
  const known = (
    what: "mean" | "variance" | "entropy",
    value: (of: Tensor, map: LinearMap) => Tensor,
  ): Tensor => {
    if (bijector.linear === undefined)
      throw noClosedForm(name, `closed form of the ${what}`, byDraws(forms[what]));
    const own = base[what]();
    return value(own, bijector.linear(own));
  };
  return {
    name,
    batchShape,
    eventShape,
    isReparameterised: base.isReparameterised,
    base,
    bijector,
    sample: (key, shape) => bijector.forward(base.sample(key, shape)),
    logProb(given) {
      const y = requireDraws(`${name}.logProb`, given, eventShape);
      const isImage = bijector.isImage?.(y);
      const safe = isImage === undefined ? y : np.where(isImage, y, bijector.forward(np.zerosLike(y)));
      const x = bijector.inverse(safe);
      const density = base.logProb(x).sub(summed(bijector.logDeterminant(x, safe)));
      if (isImage === undefined) return density;
      const [isAll, isUnknown] =
        eventShape.length === 0 ? [isImage, np.isnan(y)] : [isImage.all(whole), np.isnan(y).any(whole)];
      return np.where(isAll, density, np.where(isUnknown, NaN, -Infinity));
    },
    mean: () => known("mean", (own, { scale, shift }) => own.mul(scale).add(shift)),
    variance: () => known("variance", (own, { scale }) => own.mul(scale.mul(scale))),
    entropy: () =>
      known("entropy", (own, { scale }) => {
        const volume = summed(spread(np.log(np.abs(scale)), [...batchShape, ...eventShape]));
        return own.add(volume);
      }),
  };
}

function requireWithin(name: string, { scale, shift }: LinearMap, own: number[]): void {
  if (String(jointShape(name, own, scale.shape, shift.shape)) === String(own)) return;
  const widths = `scale [${scale.shape.join(",")}] and shift [${shift.shape.join(",")}]`;
  throw new ShapeError(
    name,
    `${widths} must broadcast to the base's [${own.join(",")}]. Make the base as wide.`,
  );
}

const forms = {
  mean: "x.mean(0)",
  variance: "np.var(x, 0)",
  entropy: "-d.logProb(x).mean(0)",
};
