/** Config fields that the meta-gradient experiments share: the switches of `metaGradient`. */
import type { MetaGradientSwitches } from "unspool";
import { z } from "zod";

export interface SwitchFields {
  hessian: z.ZodDefault<
    z.ZodEnum<{
      sampled: "sampled";
      dice: "dice";
      loadedDice: "loadedDice";
      lvc: "lvc";
      firstOrder: "firstOrder";
    }>
  >;
  correction: z.ZodDefault<z.ZodNumber>;
  window: z.ZodDefault<z.ZodInt>;
  baseline: z.ZodDefault<z.ZodEnum<{ none: "none"; constant: "constant"; leaveOneOut: "leaveOneOut" }>>;
}

export const switchFields: SwitchFields = {
  hessian: z
    .enum(["sampled", "dice", "loadedDice", "lvc", "firstOrder"])
    .default("sampled")
    .describe("what stands for the derivative of the sampled update"),
  correction: z.number().min(0).default(1).describe("coefficient of the sampling correction; 1 is all of it"),
  window: z.int().min(0).default(0).describe("updates of a truncation window; 0 for whole lifetimes"),
  baseline: z.enum(["none", "constant", "leaveOneOut"]).default("none").describe("subtracted from returns"),
};

/** Which estimator follows the gradient of eta. */
export const estimatorField: z.ZodDefault<
  z.ZodEnum<{
    metaGradient: "metaGradient";
    centralDifferences: "centralDifferences";
    evolutionStrategies: "evolutionStrategies";
  }>
> = z
  .enum(["metaGradient", "centralDifferences", "evolutionStrategies"])
  .default("metaGradient")
  .describe("meta-gradient with the switches below, differences with common keys, or ES");

export interface Switches {
  hessian: "sampled" | "dice" | "loadedDice" | "lvc" | "firstOrder";
  correction: number;
  window: number;
  baseline: "none" | "constant" | "leaveOneOut";
}

export function switchesOf({ hessian, correction, window, baseline }: Switches): MetaGradientSwitches {
  return {
    hessian,
    samplingCorrection: { coefficient: correction },
    truncation: window === 0 ? null : { length: window },
    baseline,
  };
}

/** No sampling correction. */
export const uncorrected = { samplingCorrection: { coefficient: 0 } } as const;

/** The four choices that the papers compare. */
export const namedSwitches: readonly (readonly [name: string, switches: MetaGradientSwitches])[] = [
  ["sampling correction", {}],
  ["DiCE and correction", { hessian: "dice" }],
  ["naive", uncorrected],
  ["DiCE", { hessian: "dice", ...uncorrected }],
];
