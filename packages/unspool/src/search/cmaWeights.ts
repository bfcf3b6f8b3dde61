/**
 * Recombination weights and learning rates of CMA-ES (Hansen 2016, arXiv:1604.00772, table 1 and equations 49 to 58, as
 * pycma 4.4 has them: 1/4 is added in the numerator of c_mu, and c_1 is smaller for populations below 6).
 */

export interface CmaConstants {
  /** Candidates per generation, lambda. */
  population: number;
  /** Number of positive weights, mu. */
  parents: number;
  /** By rank, [lambda]: the first `parents` sum to 1, the others are negative, or 0 where C is not adapted actively. */
  weights: Float64Array;
  /** Variance effective selection mass of the positive ones, mu_eff. */
  selectionMass: number;
  /** Learning rates of the path of sigma, of the path of C, of the rank-one and of the rank-mu update; damping. */
  cSigma: number;
  cPath: number;
  cOne: number;
  cMu: number;
  damping: number;
  /** Expected length of d standard normals. */
  expectedLength: number;
}

export interface CmaKind {
  /** Negative weights for the worse half. */
  isActive: boolean;
  /** Only variances are learned, which may be done faster: the rates are multiplied by (d + 2) / 3 (Ros and Hansen 2008). */
  isSeparable: boolean;
}

/** 4 + floor(3 ln d), equation 48. */
export const defaultCandidates = (size: number): number => 4 + Math.floor(3 * Math.log(size));

/** All constants for d numbers and `population` candidates. */
export function cmaConstants(
  size: number,
  population: number,
  { isActive, isSeparable }: CmaKind,
): CmaConstants {
  const raw = Float64Array.from(
    { length: population },
    (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1),
  );
  const parents = raw.filter((w) => w > 0).length;
  const positive = raw.slice(0, parents);
  const negative = raw.slice(parents);
  const selectionMass = massOf(positive);
  const cPath = (4 + selectionMass / size) / (size + 4 + (2 * selectionMass) / size);
  const faster = isSeparable ? (size + 2) / 3 : 1;
  const cOne = Math.min(1, (faster * Math.min(1, population / 6) * 2) / ((size + 1.3) ** 2 + selectionMass));
  const cMu = Math.min(
    1 - cOne,
    (faster * 2 * (0.25 + selectionMass - 2 + 1 / selectionMass)) / ((size + 2) ** 2 + selectionMass),
  );
  // Sum of the negative weights: C does not shrink by itself, stays positive, and is not moved more than it is known.
  const opposite = isActive
    ? Math.min(
        cMu > 0 ? 1 + cOne / cMu : Infinity,
        cMu > 0 ? (1 - cOne - cMu) / (size * cMu) : Infinity,
        1 + (2 * massOf(negative)) / (selectionMass + 2),
      )
    : 0;
  const [up, down] = [sum(positive), Math.abs(sum(negative)) || 1];
  const cSigma = (selectionMass + 2) / (size + selectionMass + 3);
  return {
    population,
    parents,
    weights: raw.map((w, i) => (i < parents ? w / up : (w / down) * opposite || 0)),
    selectionMass,
    cSigma,
    cPath,
    cOne,
    cMu,
    damping: 1 + 2 * Math.max(0, Math.sqrt((selectionMass - 1) / (size + 1)) - 1) + cSigma,
    expectedLength: expectedLength(size),
  };
}

/** Exact up to 6, as E_1 = sqrt(2 / pi) and E_d E_{d+1} = d; above, to 5e-5, by the series that pycma has. */
function expectedLength(size: number): number {
  if (size > 6) return Math.sqrt(size) * (1 - 1 / (4 * size) + 1 / (26 * size * size));
  let length = Math.sqrt(2 / Math.PI);
  for (let d = 1; d < size; d++) length = d / length;
  return length;
}

const sum = (of: Float64Array): number => of.reduce((total, w) => total + w, 0);

function massOf(weights: Float64Array): number {
  const squares = weights.reduce((total, w) => total + w * w, 0);
  return squares > 0 ? sum(weights) ** 2 / squares : 0;
}
