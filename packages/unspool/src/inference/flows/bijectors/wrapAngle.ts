/** Angles in [-pi, pi). */
import { type Tensor, np } from "../../../array/index.ts";

const whole = 2 * Math.PI;

/** The angle of the same direction from -pi to pi; its derivative is 1. */
export function wrapAngle(x: Tensor): Tensor {
  return x.sub((np.floor(x.add(Math.PI).div(whole)) as Tensor).mul(whole));
}
