/** Two recurrent layers over one sequence, one from each end (Schuster and Paliwal 1997). */
import { type Tensor, np } from "../array/index.ts";
import { type RecurrentCell, type RecurrentOptions, recurrent } from "./recurrent.ts";

/**
 * Outputs [T, ...lead, units of both] for inputs `xs` [T, ...lead, inputs]: those of `forward`, which have seen steps 0 … t,
 * then those of `backward`, which have seen t … T - 1. Both start at their own start.
 *
 * @throws ShapeError where xs has no axis of steps, or `present` other axes.
 *
 * @example
 * bidirectional(lstm(weights.forward), lstm(weights.backward), y); // [T, 2 units]
 */
export function bidirectional<Forward, Backward>(
  forward: RecurrentCell<Forward>,
  backward: RecurrentCell<Backward>,
  xs: Tensor,
  options: Pick<RecurrentOptions<never>, "present"> = {},
): Tensor {
  const there = recurrent(forward, xs, { ...options });
  const back = recurrent(backward, xs, { ...options, isReversed: true });
  return np.concatenate([there.outputs, back.outputs], -1);
}
