import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { defineProblem } from "../unroll/index.ts";
import { kaplanYorkeDimension, lyapunov } from "./index.ts";

describe("kaplanYorkeDimension", () => {
  test.each([
    // 2 + 0.906 / 14.572: Sprott, "Chaos and Time-Series Analysis", 2003, gives 2.062 for Lorenz and 2.0132 for Rössler.
    ["Lorenz", [0.906, 0, -14.572], 2.06217],
    ["Rössler", [0.0714, 0, -5.3943], 2.01324],
    // 1 + ln 2 / ln(1/α): the baker's map that shrinks by α = 1/3 across (Ott, "Chaos in Dynamical Systems", 4.2).
    ["baker", [Math.LN2, -Math.log(3)], 1 + Math.LN2 / Math.log(3)],
    ["tent", [Math.LN2], 1],
    ["fixed point", [-0.1, -2], 0],
    ["limit cycle", [0, -0.5, -1], 1],
    ["dead direction", [0.3, -Infinity], 1],
    ["volume kept", [1, 0, -1], 3],
    ["any order", [-14.572, 0.906, 0], 2.06217],
  ])("%s", (_name, exponents, wanted) => {
    expect(kaplanYorkeDimension(exponents)).toBeCloseTo(wanted, 5);
  });
  test("of a part of the exponents, if the rest is not needed", () => {
    expect(kaplanYorkeDimension([0.5, -1], { stateSize: 100 })).toBe(1.5);
    expect(() => kaplanYorkeDimension([0.5, 0.1], { stateSize: 100 })).toThrow(/compute more of the 100/);
    expect(() => kaplanYorkeDimension([0.5, 0.1], { stateSize: 1 })).toThrow(OptionError);
    expect(() => kaplanYorkeDimension([])).toThrow(OptionError);
    expect(() => kaplanYorkeDimension([NaN, 1])).toThrow(OptionError);
  });
});

test("a baker's map has the dimension of its formula", () => {
  // (x, y) -> (2 x mod 1, α y + [x >= 1/2] / 2): exponents ln 2 and ln α. A slope just below 2 keeps the binary shift alive.
  const slope = 2 - 2 ** -20;
  const baker = defineProblem({
    name: "baker",
    horizon: Infinity,
    init: (_theta, key) => ({ x: random.uniform(key, [], { dtype: "float64" }), y: np.zeros([]) }),
    step(alpha: Tensor, { x, y }) {
      const isRight = x.greaterEqual(0.5);
      const next = { x: np.mod(x.mul(slope), 1), y: y.mul(alpha).add(np.where(isRight, 0.5, 0)) };
      return { state: next, loss: next.y };
    },
  });
  const { dimension } = lyapunov(baker, np.array(0.3, { dtype: "float64" }), { steps: 400 });
  expect(dimension).toBeCloseTo(1 + Math.log(slope) / -Math.log(0.3), 9);
});
