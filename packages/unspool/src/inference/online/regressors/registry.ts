/** The regressors by name. */
import { type Registry, registry } from "../../../registry.ts";
import { kernelRidge } from "./kernelRidge.ts";
import { mlpRegression } from "./mlpRegression.ts";
import { polarMlpRegression } from "./polarMlpRegression.ts";
import { quadraticRegression } from "./quadraticRegression.ts";
import type { Regressor } from "./regressor.ts";
import { zeroRegression } from "./zeroRegression.ts";

export type RegressorName = "kernelRidge" | "mlp" | "polarMlp" | "exact" | "zero";

export interface RegressorEntry {
  readonly name: RegressorName;
  readonly aliases?: readonly string[];
  readonly summary: string;
  create(): Regressor;
}

// prettier-ignore
const registered: Registry<RegressorEntry> = registry("createRegressor", [
  { name: "kernelRidge", aliases: ["krr"], summary: "kernel ridge regression, for states of few numbers",
    create: () => kernelRidge() },
  { name: "mlp", summary: "a network with running standardisation",
    create: () => mlpRegression() },
  { name: "polarMlp", summary: "a network of a direction and a length, for many outputs",
    create: () => polarMlpRegression() },
  { name: "exact", aliases: ["quadratic"], summary: "quadratics: exact for linear-Gaussian models with affine kernels",
    create: () => quadraticRegression() },
  { name: "zero", summary: "no function: the past is left out",
    create: () => zeroRegression() },
]);

export const regressors: readonly RegressorEntry[] = registered.entries;

export const regressorNames: readonly RegressorName[] = registered.names;

/** A regressor by name or alias with its defaults, or the one that was given. */
export function createRegressor(given: string | Regressor): Regressor {
  return typeof given === "string" ? registered.create(given) : given;
}
