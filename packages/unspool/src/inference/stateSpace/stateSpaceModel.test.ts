/** Models of one's own: what they check, and what `simulate` draws. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, vmap } from "../../array/index.ts";
import {
  type Distribution,
  diagonalNormal,
  independent,
  normal,
  studentT,
} from "../../distributions/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import {
  type StateSpaceModel,
  defineStateSpaceModel,
  observationLogProb,
  requireObservations,
  simulate,
} from "../index.ts";

const wide = { dtype: "float64" } as const;
type Theta = { decay: Tensor };
const parts: StateSpaceModel<Theta> = {
  name: "decay",
  stateSize: 2,
  observationSize: 1,
  init: () => ({ decay: np.array(0.5, wide) }),
  initial: () => diagonalNormal({ mean: np.array([1, -1], wide), sd: 0.5 }),
  transition: ({ decay }, x, t) => diagonalNormal({ mean: x.mul(decay).add(t.astype("float64")), sd: 0.1 }),
  emission: (_, x) => independent(studentT({ df: 4, loc: x.sum(-1, { keepdims: true }), scale: 0.2 })),
};
const model = defineStateSpaceModel(parts);
const theta = model.init(random.key(0));

describe("simulate", () => {
  test("gives trajectories with the moments of the model", () => {
    const keys = random.split(random.key(1), 4000);
    const many = compiled("many", (all: Tensor) =>
      vmap((key: Tensor) => simulate(model, theta, key, 4))(all),
    );
    const { x, y } = many(keys);
    expect([x.shape, y.shape]).toEqual([
      [4000, 4, 2],
      [4000, 4, 1],
    ]);
    // x_t = x_{t-1} / 2 + t: the means of both elements, and variances v / 4 + 0.01.
    const means = [1, 1.5, 2.75, 4.375, -1, 0.5, 2.25, 4.125];
    let variance = 0.25;
    for (let t = 0; t < 4; t++) {
      for (const element of [0, 1]) {
        const rows = x.slice([], t, element);
        const error = Math.sqrt(variance / 4000);
        expect(Math.abs(rows.mean().item() - means[4 * element + t]!) / error).toBeLessThan(4);
        expect(Math.abs(np.var(rows).item() / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000));
      }
      const misses = y.slice([], t, 0).sub(x.slice([], t).sum(-1));
      expect(Math.abs(misses.mean().item()) / Math.sqrt((0.04 * 2) / 4000)).toBeLessThan(4);
      variance = variance / 4 + 0.01;
    }
  });

  test("is the same in a trace, and does not depend on the number of steps", () => {
    const long = simulate(model, theta, random.key(2), 7);
    const short = compiled("short", (key: Tensor) => simulate(model, theta, key, 3))(random.key(2));
    for (const name of ["x", "y"] as const) {
      expect(long[name].dtype).toBe("float64");
      const misses = long[name].slice([0, 3]).sub(short[name]);
      expect(Math.max(...misses.data.map(Math.abs))).toBeLessThan(1e-6);
    }
    expect(simulate(model, theta, random.key(2), 1).y.shape).toEqual([1, 1]);
  });
});

describe("observations", () => {
  test("what is not observed weighs nothing, NaN included", () => {
    const law = diagonalNormal({ mean: np.array([[0], [1]], wide), sd: 1 });
    const y = np.array([NaN], wide);
    expect(observationLogProb(law, y, np.array(false)).toArray()).toEqual([0, 0]);
    const seen = observationLogProb(law, np.array([0.5], wide), np.array(true));
    expect(seen.toArray()).toEqual(law.logProb(np.array([0.5], wide)).toArray());
  });

  test("are [T, dy], with a bool for each step", () => {
    const y = np.zeros([3, 1]);
    expect(requireObservations("here", { y }, 1).observed.toArray()).toEqual([1, 1, 1]);
    expect(() => requireObservations("here", { y: np.zeros([3]) }, 1)).toThrow(
      /\[T, 1\], got float32\[3\]\. Write y\.reshape/,
    );
    expect(() => requireObservations("here", y as never, 1)).toThrow(/Write \{ y \} around the tensor/);
    expect(() => requireObservations("here", { y, observed: np.ones([2]) }, 1)).toThrow(
      /a bool for each of the 3 steps/,
    );
    expect(() => requireObservations("here", { y: np.zeros([3, 2]) }, 1)).toThrow(ShapeError);
  });
});

const wrong = (change: object): (() => unknown) => {
  return () => {
    const other = defineStateSpaceModel({ ...parts, ...change });
    const x = np.zeros([5, 2]);
    return [
      other.initial(theta),
      other.transition(theta, x, np.array(1)),
      other.emission(theta, x, np.array(0)),
    ];
  };
};
const law = (mean: Tensor): Distribution => diagonalNormal({ mean, sd: 1 });

test.each([
  [{ stateSize: 0 }, OptionError, /stateSize must be an integer of at least 1, got 0/],
  [{ transision: 1 }, OptionError, /Did you mean "transition"\?/],
  [
    { emission: undefined },
    OptionError,
    /emission must be a function, got undefined\. Write \(theta, x, t\)/,
  ],
  [{ name: "" }, OptionError, /name must be a name/],
  [
    { initial: () => law(np.zeros([3])) },
    ShapeError,
    /decay\.initial: the distribution must have the event \[2\], got \[3\]/,
  ],
  [{ initial: () => law(np.zeros([4, 2])) }, ShapeError, /must have the batch \[\], got \[4\]/],
  [{ initial: () => np.zeros([2]) }, OptionError, /what it returns must be a distribution/],
  [
    { transition: (_: Theta, x: Tensor) => normal({ mean: x, sd: 1 }) },
    ShapeError,
    /Make vectors of numbers by independent/,
  ],
  [
    { transition: () => law(np.zeros([2])) },
    ShapeError,
    /batch \[5\], got \[\] of diagonalNormal\. Its parameters must depend on x/,
  ],
  [{ emission: (_: Theta, x: Tensor) => law(x) }, ShapeError, /decay\.emission: .* event \[1\], got \[2\]/],
] as const)("a wrong model is a typed error: %s", (change, kind, text) => {
  expect(wrong(change)).toThrow(kind);
  expect(wrong(change)).toThrow(text);
});

test("states and steps are checked", () => {
  expect(() => model.transition(theta, np.zeros([3]), np.array(1))).toThrow(/x must be \[\.\.\., 2\]/);
  expect(() => model.transition(theta, np.zeros([2]), np.arange(3))).toThrow(
    /Steps of several states are given by vmap/,
  );
  expect(() => simulate(model, theta, random.key(0), 0)).toThrow(
    /steps must be an integer of at least 1, got 0/,
  );
});
