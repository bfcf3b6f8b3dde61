/** Gradients by evolution strategies, by name. */
import { type Registry, type RegistryEntry, registry } from "../../../registry.ts";
import { antithetic } from "./antithetic.ts";
import { ars } from "./ars.ts";
import { asebo } from "./asebo.ts";
import type { EsGradient, EsGradientOptions } from "./esGradient.ts";
import { forward } from "./forward.ts";
import { lasso, lp, ridge } from "./regression.ts";

export type EsGradientName = "antithetic" | "forward" | "ars" | "ridge" | "lasso" | "lp" | "asebo";

export interface EsGradientEntry extends RegistryEntry {
  readonly name: EsGradientName;
  /** Each direction is evaluated on both sides. */
  readonly isPaired: boolean;
  /** Needs at least one loss at theta itself in every step. */
  readonly needsCurrent: boolean;
  create(options?: EsGradientOptions): EsGradient;
}

type Traits = Partial<Pick<EsGradientEntry, "isPaired" | "needsCurrent">>;

const entry = (
  name: EsGradientName,
  create: EsGradientEntry["create"],
  summary: string,
  traits: Traits = {},
): EsGradientEntry => ({ name, summary, create, isPaired: true, needsCurrent: false, ...traits });

export const esGradients: Registry<EsGradientEntry> = registry("esGradients", [
  entry("antithetic", antithetic, "mean over antithetic pairs"),
  entry("forward", forward, "differences from the loss at theta", { isPaired: false, needsCurrent: true }),
  entry("ars", ars, "the best pairs, over the spread of their losses"),
  entry("ridge", ridge, "least squares with a quadratic penalty"),
  entry("lasso", lasso, "least squares with a penalty on absolute values: sparse gradients"),
  entry("lp", lp, "least absolute deviations: a part of the losses may be wrong"),
  entry("asebo", asebo, "directions from the subspace of past gradients"),
]);
