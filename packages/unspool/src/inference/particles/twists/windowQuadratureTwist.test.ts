import { expect, test } from "vitest";
import { type Tensor, np } from "../../../array/index.ts";
import { diagonalNormal } from "../../../distributions/index.ts";
import { stochasticVolatility, volatilityTheta } from "../../stateSpace/stochasticVolatility.ts";
import type { StateSpaceModel } from "../../stateSpace/stateSpaceModel.ts";
import { gaussHermite } from "./gaussHermite.ts";
import { windowQuadratureTwist } from "./windowQuadratureTwist.ts";

const dtype = "float64";
const t = np.array(0, { dtype: "int32" });

/** log r_0(x) for the observations after step 0. */
function twistAt<Model>(
  twist: ReturnType<typeof windowQuadratureTwist<Model>>,
  model: Model,
  x: number[],
  y: number[],
): number[] {
  const series = { y: np.array([0, ...y], { dtype }).reshape([-1, 1]) };
  const row = twist.rows!({}, series, model).ahead.map((lag) => ({
    y: lag.y.slice(0),
    isThere: lag.isThere.slice(0),
  }));
  const place = { x: np.array(x, { dtype }).reshape([-1, 1]), t, row: { ahead: row }, model, series };
  return Array.from(twist.logTwist({}, place).data, Number);
}

// numpy.polynomial.hermite.hermgauss of degree 5 and 64, in the logarithm: (mu, phi, sd, beta) = (-0.2, 0.9, 0.5, 0.02).
test.each([
  [0.4, 0.03, 1.942609890758766, 1.942635459982],
  [-1, 0.1, -9.25907609852408, -9.275168359734],
])("volatility at x = %s, y = %s", (x, y, five, sixtyFour) => {
  const model = stochasticVolatility({ series: 1, dtype });
  const theta = volatilityTheta({ series: 1, mu: -0.2, phi: 0.9, sd: 0.5, beta: 0.02, dtype });
  expect(twistAt(windowQuadratureTwist({ model }), theta, [x], [y])[0]).toBeCloseTo(five, 12);
  expect(twistAt(windowQuadratureTwist({ model, degree: 64 }), theta, [x], [y])[0]).toBeCloseTo(
    sixtyFour,
    11,
  );
});

test("nodes and weights of degree 3 are known", () => {
  const { nodes, weights } = gaussHermite(3);
  [-Math.sqrt(1.5), 0, Math.sqrt(1.5)].forEach((x, i) => expect(nodes[i]).toBeCloseTo(x, 14));
  [1, 4, 1].forEach((w, i) => expect(weights[i]).toBeCloseTo((w * Math.sqrt(Math.PI)) / 6, 14));
});

test("several lags of a linear model are sums of the logarithms of known normal densities", () => {
  const model: StateSpaceModel<{ factor: Tensor }> = {
    name: "linear",
    stateSize: 1,
    observationSize: 1,
    init: () => ({ factor: np.array(0.9, { dtype }) }),
    initial: () => diagonalNormal({ mean: np.zeros([1], { dtype }), sd: 1 }),
    transition: ({ factor }, x) => diagonalNormal({ mean: x.mul(factor), sd: Math.sqrt(0.5) }),
    emission: (_, x) => diagonalNormal({ mean: x, sd: Math.sqrt(0.4) }),
  };
  const twist = windowQuadratureTwist({ model, lag: 3, degree: 60 });
  const y = [0.4, -0.3];
  const log = (from: number, variance: number): number =>
    -0.5 * (Math.log(2 * Math.PI * variance) + from ** 2 / variance);
  // y_1 ~ N(F x, q + r) and y_2 ~ N(F^2 x, F^2 q + q + r); there is no third.
  const expected = log(0.4 - 0.9 * 0.7, 0.9) + log(-0.3 - 0.81 * 0.7, 0.81 * 0.5 + 0.9);
  expect(twistAt(twist, { factor: np.array(0.9, { dtype }) }, [0.7], y)[0]).toBeCloseTo(expected, 9);
  expect(() => windowQuadratureTwist({ lag: 2 } as never)).toThrow(/model must be a state-space model, got/);
  expect(() => windowQuadratureTwist({ model, lag: 0 })).toThrow(/lag must be an integer of at least 1/);
});
