/** Bijectors one after another. */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { Bijector } from "./bijector.ts";

/**
 * The first of `bijectors` is applied first. The change of volume is summed over the axes that the widest of them maps
 * together.
 *
 * @throws OptionError for an empty list.
 *
 * @example
 * chain([affineBijector({ scale: 2 }), sigmoidBijector]);
 */
export function chain(bijectors: readonly Bijector[]): Bijector {
  if (!Array.isArray(bijectors) || bijectors.length === 0)
    throw new OptionError("chain", "bijectors", bijectors, "a list of bijectors");
  const eventRank = Math.max(...bijectors.map((one) => one.eventRank));
  const whole = (one: Bijector, determinant: Tensor): Tensor => {
    const axes = Array.from({ length: eventRank - one.eventRank }, (_, i) => -1 - i);
    return axes.length === 0 ? determinant : determinant.sum(axes);
  };
  /** Back through all of them, from an image at hand where there is none. */
  const isImage = (y: Tensor): Tensor => {
    let at = y;
    let isWhole: Tensor | undefined;
    for (const one of bijectors.toReversed()) {
      const isOwn = one.isImage?.(at);
      if (isOwn !== undefined) {
        isWhole = isWhole === undefined ? isOwn : np.logicalAnd(isWhole, isOwn);
        at = np.where(isOwn, at, one.forward(np.zerosLike(at)));
      }
      at = one.inverse(at);
    }
    return isWhole!;
  };
  const names = bijectors.map((one) => one.name);
  return {
    name: names.join(" then "),
    eventRank,
    forward: (x) => bijectors.reduce((value, one) => one.forward(value), x),
    inverse: (y) => bijectors.reduceRight((value, one) => one.inverse(value), y),
    logDeterminant(x) {
      let [at, sum]: [Tensor, Tensor | undefined] = [x, undefined];
      for (const one of bijectors) {
        const next = one.forward(at);
        const own = whole(one, one.logDeterminant(at, next));
        sum = sum === undefined ? own : sum.add(own);
        at = next;
      }
      return sum!;
    },
    ...(bijectors.some((one) => one.isImage !== undefined) && { isImage }),
  };
}
