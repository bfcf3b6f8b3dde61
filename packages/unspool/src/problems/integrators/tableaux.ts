/**
 * Butcher tableaux of explicit Runge-Kutta methods:
 *
 *     k_i = f(s + h Σ_j a_ij k_j, t + c_i h),   s' = s + h Σ_i b_i k_i,   error = h Σ_i e_i k_i
 *
 * Hairer, Nørsett and Wanner, "Solving Ordinary Differential Equations I", 1993, chapter II; Bogacki and Shampine 1989;
 * Dormand and Prince 1980.
 */
export interface Tableau {
  /** Of the error after one step is h^(order + 1). */
  readonly order: number;
  /** Row i holds a_i1 … a_i,i-1; the first is empty. */
  readonly stages: readonly (readonly number[])[];
  /** c. */
  readonly times: readonly number[];
  /** b. */
  readonly weights: readonly number[];
  /** e, the weights less those of the embedded method of lower order. */
  readonly errors?: readonly number[];
}

export type TableauName = "euler" | "midpoint" | "heun" | "bogackiShampine" | "dormandPrince";

const lastOfPrince = [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84] as const;

export const tableaux: Readonly<Record<TableauName, Tableau>> = {
  euler: { order: 1, stages: [[]], times: [0], weights: [1] },
  midpoint: { order: 2, stages: [[], [1 / 2]], times: [0, 1 / 2], weights: [0, 1] },
  heun: { order: 2, stages: [[], [1]], times: [0, 1], weights: [1 / 2, 1 / 2] },
  bogackiShampine: {
    order: 3,
    stages: [[], [1 / 2], [0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
    times: [0, 1 / 2, 3 / 4, 1],
    weights: [2 / 9, 1 / 3, 4 / 9, 0],
    errors: [-5 / 72, 1 / 12, 1 / 9, -1 / 8],
  },
  dormandPrince: {
    order: 5,
    stages: [
      [],
      [1 / 5],
      [3 / 40, 9 / 40],
      [44 / 45, -56 / 15, 32 / 9],
      [19_372 / 6561, -25_360 / 2187, 64_448 / 6561, -212 / 729],
      [9017 / 3168, -355 / 33, 46_732 / 5247, 49 / 176, -5103 / 18_656],
      lastOfPrince,
    ],
    times: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
    weights: [...lastOfPrince, 0],
    errors: [71 / 57_600, 0, -71 / 16_695, 71 / 1920, -17_253 / 339_200, 22 / 525, -1 / 40],
  },
};
