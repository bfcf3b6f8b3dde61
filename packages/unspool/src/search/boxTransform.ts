/**
 * A smooth way into a box for searches that know none: every number x of the search is a number y in its bounds, the
 * same in the interior, by a parabola near a bound, and mirrored behind it, so that no candidate is wasted and none is
 * refused. This is the transformation of pycma (`BoxConstraintsLinQuadTransformation`, version 4.4).
 *
 *     y = low + (x - (low - a))² / (4 a)    for low - a ≤ x ≤ low + a,    a = min((high - low) / 2, max(1, |low|) / 20)
 */
import type { FlatBox } from "./box.ts";

/** Numbers of theta (in the box) of numbers of a search, [n · d]. */
export function intoBox(x: Float64Array, { low, high }: FlatBox): Float64Array {
  const size = low.length;
  return x.map((value, i) => into(value, low[i % size]!, high[i % size]!));
}

/** Numbers of a search whose image is `y`, which is in the box. */
export function outOfBox(y: Float64Array, { low, high }: FlatBox): Float64Array {
  const size = low.length;
  return y.map((value, i) => outOf(value, low[i % size]!, high[i % size]!));
}

/** How far from a bound the parabola reaches on each side. */
function margin(bound: number, low: number, high: number): number {
  return Number.isFinite(bound) ? Math.min((high - low) / 2, Math.max(1, Math.abs(bound)) / 20) : 1;
}

function into(x: number, low: number, high: number): number {
  const [below, above] = [margin(low, low, high), margin(high, low, high)];
  let y = x;
  const start = low - 2 * below - (high - low) / 2;
  if (y < start || y > high + 2 * above + (high - low) / 2) {
    const period = 2 * (high - low + below + above);
    y -= period * Math.floor((y - start) / period);
  }
  if (y > high + above) y -= 2 * (y - high - above);
  if (y < low - below) y += 2 * (low - below - y);
  if (y < low + below) y = low + (y - (low - below)) ** 2 / 4 / below;
  if (y > high - above) y = high - (y - (high + above)) ** 2 / 4 / above;
  // Rounding must not lead out of it.
  return Math.min(Math.max(y, low), high);
}

function outOf(y: number, low: number, high: number): number {
  const [below, above] = [margin(low, low, high), margin(high, low, high)];
  if (y < low + below) return low - below + 2 * Math.sqrt(below * (y - low));
  if (y > high - above) return high + above - 2 * Math.sqrt(above * (high - y));
  return y;
}
