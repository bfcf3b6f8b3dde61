/** Label smoothing. Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016, section 7. */
import { type Tensor, nn, orNoClass } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { requireLabels } from "../optimizers/index.ts";

/**
 * Probabilities (1 - amount) · onehot(label) + amount / classes [n, classes], float32, from int32 labels [n]: targets
 * for `categoricalLogits`. A label of no class is an `OptionError` where labels are known, else a row of NaN.
 */
export function smoothLabels(labels: Tensor, classes: number, amount = 0.1): Tensor {
  if (!(amount >= 0 && amount <= 1)) {
    throw new OptionError("smoothLabels", "amount", amount, "a number from 0 to 1");
  }
  requireLabels("smoothLabels", labels, classes, labels.shape, "labels");
  const smooth = nn
    .oneHot(labels, classes)
    .mul(1 - amount)
    .add(amount / classes);
  return orNoClass(smooth, labels, classes);
}
