/**
 * Heavy tails of sampled gradients: where one trajectory holds much of all squared deviations, a variance (and what is
 * made of it) is that trajectory's, and its error bar says too little. One rule and one sentence for all who measure.
 */

export interface TailEvidence {
  /** Largest share of one sample in the sum of squared deviations from the mean. */
  largestShare: number;
  /** How many samples there are. */
  samples: number;
}

/** A share below this does no harm to a variance, however unlikely it is for normal samples. */
const harmlessShare = 0.1;
/** How often normal samples may be taken for heavy-tailed. */
const falseAlarms = 1e-3;

/**
 * True if a share as large as this comes from normal samples in less than one of 1000 cases, and is a tenth at least.
 *
 * Cochran's test with its simplest bound: of m squared deviations with one degree of freedom each, the largest holds
 * more than g of the sum with probability of at most m (1 - g)^((m - 1) / 2).
 */
export function isHeavyTailed({ largestShare, samples }: TailEvidence): boolean {
  const m = samples - 1;
  if (m < 2) return false;
  return largestShare > Math.max(harmlessShare, 1 - (falseAlarms / m) ** (2 / (m - 1)));
}

/** The sentence about gradients with heavy tails, by name; undefined where none has them. */
export function heavyTailWords(measured: readonly (TailEvidence & { name: string })[]): string | undefined {
  const heavy = measured.filter(isHeavyTailed);
  if (heavy.length === 0) return undefined;
  const told = heavy.map(
    ({ name, largestShare, samples }) => `${name} (${Math.round(100 * largestShare)} % of ${samples})`,
  );
  return (
    `Heavy tails: one trajectory holds a large part of the squared deviations of ${told.join(", ")}. ` +
    "Their variances, and all that rests on them, are orders of magnitude at best; more trajectories may give larger ones."
  );
}
