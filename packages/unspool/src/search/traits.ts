/**
 * What others must know of a search besides how it is made. Each trait stands on the search's line in `registry.ts`;
 * commands, docs and the conformance suite decide by traits, never by names.
 */
export interface SearchTraits {
  /**
   * What it keeps: a "distribution" that moves, a "population" of points, a few points in their order ("points"), a "model"
   * of the losses or of who has small ones, or nothing ("none").
   */
  readonly kind: "distribution" | "population" | "points" | "model" | "none";
  /** How candidates stay in a box: mapped into it, moved to its nearest point, or by the method itself. */
  readonly bounds: "transform" | "clip" | "inside";
  /** What it recommends: the mean of its distribution, or the best candidate so far. */
  readonly incumbent: "mean" | "best";
  /** Only the order of the losses counts: any rising function of them gives the same steps. Default false. */
  readonly isRankBased?: boolean;
  /** Draws no random numbers once it has begun: candidates follow from the state alone. Default false. */
  readonly isDeterministic?: boolean;
  /** Numbers of theta above which it refuses. Default: any number. */
  readonly largestTheta?: number;
  /** Candidates come in mirrored pairs, so that `population` is even. Default false. */
  readonly isMirrored?: boolean;
  /** Numbers of theta may be categories, which its option `categories` says. Default false: it knows distances only. */
  readonly takesCategories?: boolean;
  /** As of estimators, with other numbers: `diagnose` tries those that have one. Default: it does not. */
  readonly preference?: number;
}

/** Whether it can search so many numbers. */
export function suitsSize({ largestTheta = Infinity }: SearchTraits, thetaSize: number): boolean {
  return thetaSize <= largestTheta;
}
