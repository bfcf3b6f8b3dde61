/** Label smoothing. Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016, section 7. */
import { type Tensor, nn } from "../array/index.ts";
import { OptionError } from "../errors.ts";

/**
 * Probabilities (1 - amount) · onehot(label) + amount / classes [n, classes], float32, from int32 labels [n]: targets
 * for `categoricalLogits`.
 */
export function smoothLabels(labels: Tensor, classes: number, amount = 0.1): Tensor {
  if (!(amount >= 0 && amount <= 1)) {
    throw new OptionError("smoothLabels", "amount", amount, "a number from 0 to 1");
  }
  return nn
    .oneHot(labels, classes)
    .astype("float32")
    .mul(1 - amount)
    .add(amount / classes);
}
