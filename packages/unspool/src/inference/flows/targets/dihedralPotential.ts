/**
 * Two dihedral angles with five basins, in the manner of the Ramachandran map of alanine dipeptide: a stand-in for the
 * molecule of Midgley et al. (ICLR 2023), which needs a molecular-dynamics package. Ours; a mixture of von Mises densities,
 *
 *     p(φ, ψ) = Σ_k w_k exp(κ_k cos(φ - φ_k) + λ_k cos(ψ - ψ_k)) / (4 π² I₀(κ_k) I₀(λ_k)).
 *
 * The two basins with φ > 0 have five hundredths of the probability, behind a barrier: they are what is missed.
 */
import { type Tensor, nn, np, random } from "../../../array/index.ts";
import type { DensityTarget } from "./densityTarget.ts";

interface Basin {
  name: string;
  share: number;
  /** Degrees. */
  phi: number;
  psi: number;
  /** Concentrations, about 1 / variance. */
  kappa: number;
  lambda: number;
}

/** Places as in the usual map; shares and widths are round numbers. */
export const dihedralBasins: readonly Basin[] = [
  { name: "C5", share: 0.3, phi: -150, psi: 155, kappa: 10, lambda: 10 },
  { name: "PII", share: 0.35, phi: -70, psi: 145, kappa: 14, lambda: 10 },
  { name: "alphaR", share: 0.3, phi: -75, psi: -20, kappa: 14, lambda: 9 },
  { name: "alphaL", share: 0.035, phi: 55, psi: 40, kappa: 25, lambda: 14 },
  { name: "C7ax", share: 0.015, phi: 70, psi: -50, kappa: 30, lambda: 20 },
];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** log I₀ by its integral: the trapezoidal rule is exact to rounding for periodic functions. */
function logBessel0(kappa: number): number {
  const count = 128;
  const terms = Array.from({ length: count }, (_, i) =>
    Math.exp(kappa * (Math.cos((2 * Math.PI * i) / count) - 1)),
  );
  return kappa + Math.log(terms.reduce((a, b) => a + b) / count);
}

/** Points are angles [n, 2], of any turn; normalised over the torus. */
export function dihedralPotential(): DensityTarget {
  const columns = dihedralBasins.map(({ share, phi, psi, kappa, lambda }) => ({
    place: [radians(phi), radians(psi)] as const,
    widths: [kappa, lambda] as const,
    level: Math.log(share) - 2 * Math.log(2 * Math.PI) - logBessel0(kappa) - logBessel0(lambda),
  }));
  const table = (of: (column: (typeof columns)[number]) => number | readonly number[]): number[][] =>
    columns.map((column) => [of(column)].flat());
  return {
    name: "dihedral",
    dim: 2,
    logZ: 0,
    logDensity(x) {
      const of = (values: number[][], width: number): Tensor =>
        np.array(values, { dtype: x.dtype }).reshape([1, columns.length, width]);
      const gaps = x.reshape([x.shape[0]!, 1, 2]).sub(
        of(
          table(({ place }) => place),
          2,
        ),
      );
      const each = (np.cos(gaps) as Tensor)
        .mul(
          of(
            table(({ widths }) => widths),
            2,
          ),
        )
        .sum(2);
      const levels = np.array(
        columns.map(({ level }) => level),
        { dtype: x.dtype },
      );
      return nn.logsumexp(each.add(levels), 1);
    },
    sample(key, count) {
      const logShares = np.array(dihedralBasins.map(({ share }) => Math.log(share)));
      const logits = np.broadcastTo(logShares, [count, columns.length]) as Tensor;
      const chosen = random.categorical(random.foldIn(key, "basin"), logits);
      const u = random.uniform(random.foldIn(key, "angles"), [count, 2]);
      const angles = columns.map(({ place, widths }) =>
        np.stack(
          [0, 1].map((k) => vonMisesQuantile(u.slice([], k), widths[k as 0 | 1]).add(place[k as 0 | 1])),
          1,
        ),
      );
      const picked = np
        .arange(columns.length)
        .equal(chosen.reshape([count, 1]))
        .reshape([count, columns.length, 1]);
      const x = (np.where(picked, np.stack(angles as Tensor[], 1), 0) as Tensor).sum(1);
      return np.arctan2(np.sin(x), np.cos(x)) as Tensor;
    },
    modes: {
      centres: columns.map(({ place }) => [...place]),
      radius: Infinity,
      isCircular: true,
      shares: dihedralBasins.map(({ share }) => share),
    },
  };
}

/** The angle around 0 below which a share u of a von Mises density lies. */
function vonMisesQuantile(u: Tensor, kappa: number): Tensor {
  const count = 2048;
  const x = Array.from({ length: count + 1 }, (_, i) => -Math.PI + (2 * Math.PI * i) / count);
  const density = x.map((angle) => Math.exp(kappa * (Math.cos(angle) - 1)));
  const cumulative = [0];
  for (let i = 1; i <= count; i++) cumulative.push(cumulative[i - 1]! + density[i - 1]! + density[i]!);
  const probability = cumulative.map((sum) => sum / cumulative[count]!);
  return np.interp(u, np.array(probability), np.array(x)) as Tensor;
}
