/**
 * The largest error of each function, in units in the last place of the exact result (of its own binade), with and
 * without fused multiply-add. Bounds are those that the test beside this file holds on dense samples of the domain;
 * for f64 they include up to one unit of the reference, `Math`, where it has the function.
 */
export interface MathErrorBound {
  ulp32: number;
  ulp64: number;
  /** Where the bounds hold, and what happens elsewhere. */
  domain: string;
}

export const mathErrorBounds: Record<string, MathErrorBound> = {
  exp: {
    ulp32: 1.3,
    ulp64: 3,
    domain: "up to overflow; f32 below -87.33 and f64 below -708.39 give 0, never a subnormal number",
  },
  expm1: { ulp32: 1.8, ulp64: 3, domain: "all numbers" },
  log: { ulp32: 0.9, ulp64: 2, domain: "all positive numbers, subnormal ones included" },
  log1p: { ulp32: 1.5, ulp64: 2, domain: "all numbers above -1" },
  sin: {
    ulp32: 3,
    ulp64: 3,
    domain: "all finite numbers; f32: 2.3 ulp up to |x| = 1000",
  },
  cos: {
    ulp32: 3,
    ulp64: 3,
    domain: "all finite numbers; f32: 2.3 ulp up to |x| = 1000",
  },
  tan: { ulp32: 4.2, ulp64: 4, domain: "all finite numbers" },
  asin: { ulp32: 2.5, ulp64: 3, domain: "[-1, 1]" },
  acos: { ulp32: 1.4, ulp64: 2, domain: "[-1, 1]" },
  atan: { ulp32: 3, ulp64: 3, domain: "all numbers" },
  erf: { ulp32: 2.8, ulp64: 4, domain: "all numbers" },
  erfc: {
    ulp32: 4.5,
    ulp64: 6,
    domain: "up to 9.19 (f32) and 26.5 (f64), beyond which the results are below the smallest normal number",
  },
  tanh: { ulp32: 2.9, ulp64: 5, domain: "all numbers" },
  sigmoid: {
    ulp32: 2.6,
    ulp64: 5,
    domain: "f32 above -87.3, f64 above -708; below, results are subnormal and then 0",
  },
  tanhSlope: {
    ulp32: 3.8,
    ulp64: 6,
    domain:
      "up to 43.66 (f32) and 354.19 (f64) in magnitude; beyond, results are below the smallest normal number and 0",
  },
  sigmoidSlope: {
    ulp32: 4.7,
    ulp64: 8,
    domain: "f32 from -87.3 to 87.3, f64 from -708 to 708; beyond, results are subnormal and then 0",
  },
};
