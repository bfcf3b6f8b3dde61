/**
 * Quantiles of Student's t for whole degrees of freedom n, from the finite sums for P(|T| < t) with tan(a) = t / sqrt(n):
 *
 *     n odd    2 / pi (a + sin a (cos a + 2/3 cos^3 a + … + 2·4…(n-3) / 3·5…(n-2) cos^(n-2) a))
 *     n even   sin a (1 + 1/2 cos^2 a + … + 1·3…(n-3) / 2·4…(n-2) cos^(n-2) a)
 *
 * Abramowitz and Stegun 1964, 26.7.3 and 26.7.4; turned round by bisection of the angle.
 */
import { OptionError, requireInteger } from "../errors.ts";

/** The t below which Student's t with `degrees` of freedom is with this probability, above 0 and below 1. */
export function studentTQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1))
    throw new OptionError("studentTQuantile", "probability", probability, "above 0 and below 1");
  requireInteger("studentTQuantile", "degrees", degrees, 1);
  const inside = Math.abs(2 * probability - 1);
  let [low, high] = [0, Math.PI / 2];
  // Halved until no number is between them.
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (withinAngle(middle, degrees) < inside) low = middle;
    else high = middle;
  }
  return Math.sign(probability - 0.5) * Math.sqrt(degrees) * Math.tan(low);
}

/** P(|T| < sqrt(degrees) tan(angle)). */
function withinAngle(angle: number, degrees: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= degrees - 2 && term > 1e-17 * sum; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
