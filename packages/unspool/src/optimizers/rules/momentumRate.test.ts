/** Rates against the table of card 11, section 6, and against the optimizers themselves. */
import { expect, test } from "vitest";
import { lookahead } from "../wrappers/lookahead.ts";
import { momentum } from "./momentum.ts";
import { isUnderdamped, momentumRate } from "./momentumRate.ts";
import { expectClose, f64, trajectory } from "../testing.ts";

const rows = [
  // eigenvalue, lr, momentum, alpha, k | heavy ball, keep, reset, pull (NumPy float64, ten digits)
  [1, 0.1, 0.9, 0.5, 5, 0.9486832981, 0.8806814033, 0.865413236, 0.9084995077],
  [1, 0.1, 0.99, 0.5, 20, 0.9949874371, 0.9963813308, 0.9971851382, 0.9975103217],
  [1, 1, 0.99, 0.5, 20, 0.9949874371, 0.9759278714, 0.8455896017, 0.96128736],
  [0.01, 1, 0.99, 0.5, 20, 0.9949874371, 0.9627885325, 0.9431903117, 0.9673374396],
  [0.01, 0.1, 0.9, 0.5, 5, 0.9888732142, 0.994808656, 0.9986852354, 0.9944988493],
  [1, 0.5, 0.9, 0.8, 5, 0.9486832981, 0.8914120844, 0.7370006788, 0.8554842171],
  [1, 0.01, 0.5, 0.5, 5, 0.9795740821, 0.990103868, 0.9919961553, 0.9899977241],
] as const;

test.each(rows)("h %d, lr %d, momentum %d, alpha %d, k %d", (...row) => {
  const [eigenvalue, learningRate, beta, alpha, k, ...expected] = row;
  const ball = { eigenvalue, learningRate, momentum: beta };
  const rates = [
    momentumRate(ball),
    ...(["keep", "reset", "pull"] as const).map((innerState) =>
      momentumRate({ ...ball, alpha, k, innerState }),
    ),
  ];
  expectClose(rates, expected, 5.1e-11);
});

test("claim 5 of section 5: Lookahead gains in rows 1, 3 and 4, which are under-damped, and loses over-damped", () => {
  const gains = rows.map(([eigenvalue, learningRate, beta, alpha, k]) => {
    const ball = { eigenvalue, learningRate, momentum: beta };
    return { isUnder: isUnderdamped(ball), isGain: momentumRate({ ...ball, alpha, k }) < momentumRate(ball) };
  });
  for (const row of [0, 2, 3]) expect(gains[row]).toEqual({ isUnder: true, isGain: true });
  for (const row of [4, 6]) expect(gains[row]).toEqual({ isUnder: false, isGain: false });
  // Under-damped is not enough: row 2 loses.
  expect(gains[1]).toEqual({ isUnder: true, isGain: false });
});

test.each(["keep", "reset", "pull"] as const)(
  "the optimizer itself converges at the rate for %s",
  (innerState) => {
    const [learningRate, beta, alpha, k] = [0.01, 0.5, 0.5, 5];
    const optimizer = lookahead(momentum({ learningRate, momentum: beta }), { k, alpha, innerState });
    const points = trajectory(optimizer, f64(1), (x) => x, 40 * k, true);
    // Over-damped, so the dominant eigenvalue is real and a ratio of two windows shows it.
    const rate = (points.at(-1)!.theta.item() / points.at(-1 - k)!.theta.item()) ** (1 / k);
    expectClose(
      [rate],
      [momentumRate({ eigenvalue: 1, learningRate, momentum: beta, alpha, k, innerState })],
      1e-9,
    );
  },
);

test.each([
  [
    () => momentumRate({ eigenvalue: 1, learningRate: 0.1, momentum: 1 }),
    "momentumRate: momentum must be a number of at least 0 and below 1, got 1.",
  ],
  [
    () => momentumRate({ eigenvalue: -1, learningRate: 0.1 }),
    "eigenvalue must be a finite number above 0, got -1.",
  ],
  [
    () => momentumRate({ eigenvalue: 1, learningRate: 0.1, innerState: "kep" as never }),
    'Did you mean "keep"?',
  ],
])("a wrong option is a typed error (%#)", (build, message) => {
  expect(build).toThrow(message);
});
