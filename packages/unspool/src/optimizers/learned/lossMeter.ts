/** How the loss of this step compares with those before: the features of losses in `rnnMlpLopt`. */
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { LossObservation } from "../optimizer.ts";

/** Running means that start at 0, with the sums of their weights: scalars. */
export type LossMeter = {
  mean: Tensor;
  variance: Tensor;
  weight: Tensor;
  validationMean: Tensor;
  validationWeight: Tensor;
};

const [decay, validationDecay] = [0.9, 0.95];

export function emptyLossMeter(dtype: "float32" | "float64"): LossMeter {
  const zero = tree.scalar(0, dtype);
  return { mean: zero, variance: zero, weight: zero, validationMean: zero, validationWeight: zero };
}

/**
 * The meter after one more loss, and two features within ±5: the loss, and the mean of validation losses, each less the
 * mean of losses and over their deviation. The second is 0 until a validation loss is observed. Throws `OptionError`
 * where no loss is given.
 */
export function readLoss(
  where: string,
  meter: LossMeter,
  observed: LossObservation | undefined,
): { meter: LossMeter; features: [Tensor, Tensor] } {
  if (observed?.loss === undefined) {
    const hint = "Give update a fourth argument { loss }; metaTraining and firstOrder do.";
    throw new OptionError(where, "observed.loss", undefined, "the loss at theta, a scalar", hint);
  }
  const { dtype } = meter.mean;
  const loss = observed.loss.astype(dtype);
  const towards = (from: Tensor, to: Tensor, kept: number): Tensor => from.mul(kept).add(to.mul(1 - kept));
  const one = tree.scalar(1, dtype);
  const mean = towards(meter.mean, loss, decay);
  const off = loss.sub(mean);
  const variance = towards(meter.variance, off.mul(off), decay);
  const weight = towards(meter.weight, one, decay);
  const { validationLoss } = observed;
  const validation =
    validationLoss === undefined
      ? { mean: meter.validationMean, weight: meter.validationWeight }
      : {
          mean: towards(meter.validationMean, validationLoss.astype(dtype), validationDecay),
          weight: towards(meter.validationWeight, one, validationDecay),
        };
  const unbiased = (x: Tensor, sum: Tensor): Tensor => x.div(sum.add(1e-8));
  const deviation = np.sqrt(unbiased(variance, weight).add(1e-8));
  const standard = (x: Tensor): Tensor =>
    np.clip(x.sub(unbiased(mean, weight)).div(deviation), -5, 5) as Tensor;
  const seen = standard(unbiased(validation.mean, validation.weight));
  const isSeen = validation.weight.greater(0);
  return {
    meter: {
      mean,
      variance,
      weight,
      validationMean: validation.mean,
      validationWeight: validation.weight,
    },
    features: [standard(loss), np.where(isSeen, seen, np.zerosLike(seen))],
  };
}
