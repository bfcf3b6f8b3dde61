/** Learned ranges in the words of a person: degrees, pixels, factors. */
import type { Tensor } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import type { Augmentation } from "./augmentation.ts";

export interface LearnedRange {
  parameter: string;
  /** The size of the range that is used; its sign does not matter. */
  range: number;
  /** "±117°", "±4.2 pixels", "factors 0.6 to 1.7". */
  meaning: string;
}

/** One line for each range; translations are told in pixels of images of this width (default: as shares of half of it). */
export function rangeReport(augmentation: Augmentation, eta: Tensor, width?: number): LearnedRange[] {
  const { parameters, name } = augmentation;
  if (eta.size !== parameters.length) {
    throw new ShapeError("rangeReport", `eta must be [${parameters.length}], got ${eta.toString()}.`);
  }
  const used = augmentation.ranges?.(eta) ?? eta;
  const half = width === undefined ? undefined : (augmentation.pixels?.(width) ?? width / 2);
  return parameters.map((parameter, i) => {
    const range = Math.abs(used.data[i]!);
    const angle = name === "rotation2d" ? range * Math.PI : range;
    return { parameter, range, meaning: meaningOf(parameter, angle, half) };
  });
}

function meaningOf(parameter: string, range: number, half: number | undefined): string {
  if (parameter === "rotation") return `±${Math.round((range * 180) / Math.PI)}°`;
  if (parameter.startsWith("translate")) {
    return half === undefined
      ? `±${range.toFixed(2)} of half the width`
      : `±${(range * half).toFixed(1)} pixels`;
  }
  if (parameter.startsWith("scale"))
    return `factors ${Math.exp(-range).toFixed(2)} to ${Math.exp(range).toFixed(2)}`;
  return `±${range.toFixed(2)}`;
}
