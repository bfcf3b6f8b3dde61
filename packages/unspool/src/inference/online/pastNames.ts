/** The functions of the past by name, and their states. */
import type { Tensor } from "../../array/index.ts";
import type { Regressor } from "./regressors/regressor.ts";

/** Derivative of the value by the state, its derivative by theta, and the value itself. */
export const pastNames = ["T", "S", "V"] as const;

export type PastName = (typeof pastNames)[number];

/** What learns each; undefined where a filter has no such function. */
export type AnyRegressors = { readonly [Name in PastName]?: Regressor | undefined };

/** States of the functions: data. */
export interface PastFunctions {
  states: { [Name in PastName]?: unknown };
  /** Mean of V's targets, float64 []. */
  offset: Tensor;
}
