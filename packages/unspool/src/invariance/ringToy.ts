/**
 * Points on two arcs around the origin and in a blob at it, two classes: a sector of a picture that is the same all around, so
 * that a classifier gains from being invariant to rotations (Immer et al., NeurIPS 2022, the illustration).
 */
import { type Key, np, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import type { EvidenceData } from "./laplaceEvidence.ts";

export interface RingToyOptions {
  /** Points, half of them in each class. Default 200. */
  n?: number;
  /** The arcs go from 0 to this angle. Default 120. */
  degree?: number;
  /** Deviation of the noise, in both coordinates. Default 0.06. */
  sigma?: number;
  /** Of the points. Default "float32". */
  dtype?: "float32" | "float64";
}

/**
 * Class 0 lies at radius 0.5; two thirds of class 1 at radius 1, the rest around the origin. A point at angle a is
 * (r + σ n) ∘ (cos a, sin a) for normal n [2].
 */
export function ringToy(key: Key, options: RingToyOptions = {}): EvidenceData {
  requireKnownOptions("ringToy", options, ["n", "degree", "sigma", "dtype"]);
  const { n = 200, degree = 120, sigma = 0.06, dtype = "float32" } = options;
  requireInteger("ringToy", "n", n, 4);
  requirePositive("ringToy", "degree", degree);
  if (!(sigma >= 0)) throw new OptionError("ringToy", "sigma", sigma, "a number of at least 0");
  const inner = Math.floor(n / 2);
  const outer = Math.floor((n - inner) / 1.5);
  const radii = Array.from({ length: n }, (_, i) => (i < inner ? 0.5 : i < inner + outer ? 1 : 0));
  const angles = random.uniform(random.foldIn(key, "angles"), [n], { dtype: "float64" }).data;
  const noise = random.normal(random.foldIn(key, "noise"), [n, 2], { dtype: "float64" }).data;
  const points = radii.flatMap((radius, i) => {
    const angle = (angles[i]! * degree * Math.PI) / 180;
    const moved = [0, 1].map((k) => radius + sigma * noise[2 * i + k]!) as [number, number];
    return radius === 0 ? moved : [moved[0] * Math.cos(angle), moved[1] * Math.sin(angle)];
  });
  return {
    inputs: np.array(points, { shape: [n, 2], dtype }),
    targets: np.array(Int32Array.from({ length: n }, (_, i) => (i < inner ? 0 : 1))),
  };
}
