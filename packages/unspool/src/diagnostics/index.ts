/** What a loop does to gradients, measured: spectra, growth, bias and variance of estimators. */
export { moments } from "./moments.ts";
export type { Moments } from "./moments.ts";
