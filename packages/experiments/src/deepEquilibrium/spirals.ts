/** Two spirals, one class each. */
import { type Key, type Tensor, np, random } from "unspool";

export interface Spirals {
  /** [points, 2]. */
  inputs: Tensor;
  /** int32 [points]. */
  labels: Tensor;
}

/** Turns of a spiral from its centre to its end. */
const turns = 1.25;

/** `points` points on two spirals of radius 1, with noise of standard deviation `noise`. */
export function drawSpirals(key: Key, points: number, noise: number): Spirals {
  const labels = random.randint(random.foldIn(key, "labels"), [points], 0, 2);
  const radius = np.sqrt(random.uniform(random.foldIn(key, "radius"), [points]));
  const angle = radius.mul(2 * Math.PI * turns).add(labels.astype("float32").mul(Math.PI));
  const clean = np.stack([radius.mul(np.cos(angle)), radius.mul(np.sin(angle))], 1);
  const wrong = random.normal(random.foldIn(key, "noise"), [points, 2]).mul(noise);
  return { inputs: clean.add(wrong), labels };
}
