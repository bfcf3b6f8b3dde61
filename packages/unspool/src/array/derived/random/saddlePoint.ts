/**
 * Logarithms of Poisson and binomial probabilities without cancellation of large terms (Loader 2000): with the deviance
 * D(k, m) = k log(k / m) + m - k and the error of Stirling's formula delta(k),
 *
 *     log P(k; m) = -D(k, m) - delta(k) - log(2 pi k) / 2
 */
import { np } from "../../np.ts";
import type { Tensor } from "../../tensor.ts";

/** log k! - (k + 1/2) log k + k - log(2 pi) / 2 for k = 0 … 15 (0 at 0, where it is not used). */
const stirlingErrors = [0];
for (let k = 1, logFactorial = 0; k < 16; k++) {
  logFactorial += Math.log(k);
  stirlingErrors.push(logFactorial - (k + 0.5) * Math.log(k) + k - Math.log(2 * Math.PI) / 2);
}

/** delta(k) of whole k >= 0. */
export function stirlingError(k: Tensor): Tensor {
  const table = np.array(Float64Array.from(stirlingErrors)).astype(k.dtype);
  const small = np.take(table, np.clip(k, 0, 15).astype("int32"), 0) as Tensor;
  const inverse = np.reciprocal(np.maximum(k, 15)) as Tensor;
  const z = inverse.mul(inverse);
  const large = inverse.mul(z.mul(z.mul(1 / 1260).sub(1 / 360)).add(1 / 12));
  return np.where(k.greater(15), large, small) as Tensor;
}

/** D(m + difference, m) for m > 0, from the difference, which may be known more exactly than k. */
export function deviance(difference: Tensor, m: Tensor): Tensor {
  const e = difference.div(m);
  // Near 0 by its series sum (-e)^j / (j (j - 1)), j from 2.
  const isNear = np.abs(e).less(0.1) as Tensor;
  const small = np.where(isNear, e, 0) as Tensor;
  const coefficients = Array.from({ length: 11 }, (_, i) => (-1) ** i / ((i + 2) * (i + 1)));
  const sum = coefficients.reduceRight<Tensor>((rest, c) => rest.mul(small).add(c), small.mul(0));
  const large = np.where(isNear, 1, np.maximum(e, -1)) as Tensor;
  const isZero = large.equal(-1);
  const ratio = np.where(isZero, 1, large.add(1)) as Tensor;
  const direct = np.where(isZero, 1, ratio.mul(np.log(ratio)).sub(large)) as Tensor;
  return m.mul(np.where(isNear, small.mul(small).mul(sum), direct));
}
