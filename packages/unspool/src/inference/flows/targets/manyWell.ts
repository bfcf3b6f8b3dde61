/**
 * Many Well (Noé et al. 2019; Midgley et al., ICLR 2023): copies of a double well in the plane, independent of each other.
 *
 *     log p̃(x) = Σ over pairs  -x₁⁴ + 6 x₁² + x₁/2 - x₂²/2
 *
 * Each pair has a left and a right well, so that d coordinates have 2^(d/2) modes.
 */
import { type Tensor, np, random } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import type { DensityTarget } from "./densityTarget.ts";

/** Of one double well: log ∫ exp(-x⁴ + 6x² + x/2) dx + log √(2π), and E_p[log p], by quadrature. */
export const doubleWellFacts = {
  logZ: 10.293479707073868,
  meanLogProb: -1.7185760668410048,
  /** P(x₁ < 0). */
  leftShare: 0.15569290378886075,
  mean: 1.1879609833761462,
  meanSquare: 2.9598060904889363,
  modes: [-1.71082904, 1.75251986],
} as const;

/** Modes are listed up to so many pairs: 256 of them. */
const mostListedPairs = 8;

/** Many Well in an even number of dimensions, at least 2. */
export function manyWell(dim = 32): DensityTarget {
  if (!(Number.isInteger(dim) && dim >= 2 && dim % 2 === 0))
    throw new OptionError(
      "manyWell",
      "dim",
      dim,
      "an even integer of at least 2",
      "Each well has two coordinates.",
    );
  const pairs = dim / 2;
  return {
    name: dim === 2 ? "doubleWell" : "manyWell",
    dim,
    logZ: pairs * doubleWellFacts.logZ,
    meanLogProb: pairs * doubleWellFacts.meanLogProb,
    logDensity(x) {
      const each = x.reshape([x.shape[0]!, pairs, 2]);
      const [a, b] = [each.slice("...", 0), each.slice("...", 1)];
      const square = a.mul(a);
      // 6 a² - a⁴ + a / 2
      const well = square.mul(square.neg().add(6)).add(a.mul(0.5));
      return well.sub(b.mul(b).mul(0.5)).sum(1);
    },
    sample(key, count) {
      const u = random.uniform(random.foldIn(key, "well"), [count, pairs]);
      const first = np.interp(u, quantiles().probability, quantiles().x) as Tensor;
      const second = random.normal(random.foldIn(key, "normal"), [count, pairs]);
      return (np.stack([first.astype("float32"), second], 2) as Tensor).reshape([count, dim]);
    },
    ...(pairs <= mostListedPairs && { modes: modesOf(pairs) }),
  };
}

/** The double well in the plane. */
export function doubleWell(): DensityTarget {
  return manyWell(2);
}

function modesOf(pairs: number): NonNullable<DensityTarget["modes"]> {
  const sides = Array.from({ length: 2 ** pairs }, (_, i) =>
    Array.from({ length: pairs }, (__, k) => (i >> k) & 1),
  );
  const { leftShare, modes } = doubleWellFacts;
  return {
    centres: sides.map((ends) => ends.flatMap((end) => [modes[end as 0 | 1], 0])),
    // Every point belongs to the nearest.
    radius: Infinity,
    shares: sides.map((ends) =>
      ends.reduce((share, end) => share * (end === 1 ? 1 - leftShare : leftShare), 1),
    ),
  };
}

let table: { probability: Tensor; x: Tensor } | undefined;

/** The distribution function of x₁ at points of a fine grid, from the left end to the right. */
function quantiles(): { probability: Tensor; x: Tensor } {
  if (table !== undefined) return table;
  const [count, reach] = [4096, 3.6];
  const x = Array.from({ length: count + 1 }, (_, i) => -reach + (2 * reach * i) / count);
  const density = x.map((a) => Math.exp(-(a ** 4) + 6 * a * a + a / 2 - 11));
  const cumulative = [0];
  for (let i = 1; i <= count; i++) cumulative.push(cumulative[i - 1]! + density[i - 1]! + density[i]!);
  const probability = cumulative.map((sum) => sum / cumulative[count]!);
  table = { probability: np.array(probability), x: np.array(x) };
  return table;
}
