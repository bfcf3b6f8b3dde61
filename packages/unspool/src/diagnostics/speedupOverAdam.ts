/**
 * How many times faster than Adam with tuned learning rates: losses of any scale as numbers of Adam's steps (Metz, Freeman,
 * Harrison, Maheswaranathan & Sohl-Dickstein, CoLLAs 2022, and the normaliser of the released code).
 *
 *     c_r:  learning curve of Adam with rate r, mean over seeds, smoothed: c ← smoothing · c + (1 - smoothing) · loss
 *     e(t) = min over s ≤ t and r of c_r(s),   at `points` evenly spaced t
 *     stepsToReach(loss) = the first t with e(t) ≤ loss, on straight lines between the points
 *     speedup = stepsToReach(loss) / (steps that the other optimizer took)
 *
 * Plain float64 numbers. A loss below all of Adam's counts as its last step: of an optimizer that is better than Adam ever
 * was a lower bound is found, so run Adam for longer.
 */
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";

export interface SpeedupOverAdamOptions {
  /** Curves of Adam, one for each learning rate, means over seeds [rates][t]. What is not finite counts as no loss. */
  curves: readonly (readonly number[])[];
  /** Step at each point of the curves, rising [t]. Default 0, 1, 2, …. */
  steps?: readonly number[];
  /** Part of the running mean that is kept from point to point. Default 0.95. */
  smoothing?: number;
  /** Points of the envelope e. Default 512. */
  points?: number;
}

export interface SpeedupOverAdam {
  /** Steps of the envelope's points, and its losses, which do not rise. */
  envelope: { steps: number[]; losses: number[] };
  /** Adam's steps until its loss is this one; 0 for a loss above its first, NaN for NaN. */
  stepsToReach(loss: number): number;
  /** stepsToReach(loss) / steps of an optimizer that has this loss after so many steps. */
  speedup(at: { loss: number; steps: number }): number;
}

/**
 * The scale that Adam's curves are. Cost: rates times points of a curve.
 *
 * @throws OptionError for curves of different lengths or without a finite loss, and steps that do not rise.
 *
 * @example
 * const scale = speedupOverAdam({ curves: adamCurves });
 * scale.speedup({ loss: 0.4, steps: 100 }); // 3: Adam needs 300 steps
 */
export function speedupOverAdam(options: SpeedupOverAdamOptions): SpeedupOverAdam {
  const where = "speedupOverAdam";
  requireKnownOptions(where, options, ["curves", "steps", "smoothing", "points"]);
  const { curves, smoothing = 0.95, points = 512 } = options;
  const length = curves[0]?.length ?? 0;
  if (length === 0 || curves.some((curve) => curve.length !== length))
    throw new OptionError(where, "curves", curves, "curves of one length, of a loss or more");
  const { steps = Array.from({ length }, (_, t) => t) } = options;
  if (steps.length !== length || steps.some((step, i) => !(step > (steps[i - 1] ?? -Infinity))))
    throw new OptionError(
      where,
      "steps",
      steps,
      `${length} numbers that rise, one for each point of the curves`,
    );
  if (!(smoothing >= 0 && smoothing < 1))
    throw new OptionError(where, "smoothing", smoothing, "a number of at least 0 and below 1");
  requireInteger(where, "points", points, 2);
  const smooth = curves.map((curve) => runningMean(curve, smoothing));
  const lowest = steps.map((_, t) => Math.min(...smooth.map((curve) => curve[t]!).filter(Number.isFinite)));
  if (!lowest.some(Number.isFinite))
    throw new OptionError(where, "curves", curves, "curves with finite losses");
  const at = Array.from({ length: points }, (_, i) => (steps[length - 1]! * i) / (points - 1));
  const losses: number[] = [];
  for (const step of at) losses.push(Math.min(losses.at(-1) ?? Infinity, interpolated(steps, lowest, step)));
  const stepsToReach = (loss: number): number => {
    if (Number.isNaN(loss)) return NaN;
    const first = losses.findIndex((e) => e <= loss);
    if (first === -1) return at.at(-1)!;
    if (first === 0) return at[0]!;
    const [above, below] = [losses[first - 1]!, losses[first]!];
    const part = above === Infinity ? 1 : (above - loss) / (above - below);
    return at[first - 1]! + part * (at[first]! - at[first - 1]!);
  };
  return {
    envelope: { steps: at, losses },
    stepsToReach,
    speedup({ loss, steps: taken }) {
      if (!(taken > 0)) throw new OptionError(where, "steps", taken, "above 0");
      return stepsToReach(loss) / taken;
    },
  };
}

/** From the first value on. */
function runningMean(curve: readonly number[], kept: number): number[] {
  let mean = curve[0]!;
  return curve.map((loss, t) => (mean = t === 0 ? loss : kept * mean + (1 - kept) * loss));
}

/** On straight lines between points of rising x; before the first and after the last the value there. */
function interpolated(xs: readonly number[], ys: readonly number[], x: number): number {
  const next = xs.findIndex((one) => one >= x);
  if (next === -1) return ys.at(-1)!;
  if (next === 0 || xs[next] === x) return ys[next]!;
  const part = (x - xs[next - 1]!) / (xs[next]! - xs[next - 1]!);
  const value = ys[next - 1]! + part * (ys[next]! - ys[next - 1]!);
  return Number.isNaN(value) ? Infinity : value;
}
