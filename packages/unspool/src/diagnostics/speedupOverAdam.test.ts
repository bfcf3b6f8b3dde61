import { describe, expect, test } from "vitest";
import { OptionError } from "../errors.ts";
import { speedupOverAdam } from "./speedupOverAdam.ts";

describe("speedupOverAdam", () => {
  test("steps to losses as by the released normaliser in NumPy", () => {
    const steps = Array.from({ length: 200 }, (_, i) => 5 * i);
    const curves = [0.2, 1, 3].map((r) =>
      steps.map((t) => 2 * Math.exp((-r * t) / 100) + 0.1 * r + 0.05 * Math.sin((t * r) / 7)),
    );
    const { envelope, stepsToReach, speedup } = speedupOverAdam({ curves, steps });
    // np.interp of the running minimum of the smoothed curves at 512 points, NumPy 1.24.
    [2.02, 2.0141631388122856].forEach((x, i) => expect(envelope.losses[10 * i]).toBeCloseTo(x, 13));
    expect(envelope.losses[511]).toBeCloseTo(0.09770122979157052, 13);
    const wanted = [
      [5, 0],
      [1.9, 46.609406798734554],
      [1, 138.71723474965444],
      [0.5, 262.3554908947745],
      [0.3, 381.7143322536206],
      [0.2, 467.4051797481305],
      [0.05, 995],
    ] as const;
    for (const [loss, reached] of wanted) expect(stepsToReach(loss)).toBeCloseTo(reached, 9);
    expect(speedup({ loss: 1, steps: 100 })).toBeCloseTo(1.3871723474965444, 11);
    expect(stepsToReach(NaN)).toBeNaN();
  });

  test("a rate that diverges is none, and the best of one rate is that rate: 1 at its own losses", () => {
    const curve = Array.from({ length: 101 }, (_, t) => 1 / (1 + t));
    const diverged = curve.map((_, t) => (t < 3 ? 10 ** t : t % 2 === 0 ? NaN : Infinity));
    const { speedup } = speedupOverAdam({ curves: [diverged, curve], smoothing: 0, points: 101 });
    for (const t of [1, 10, 100]) expect(speedup({ loss: 1 / (1 + t), steps: t })).toBeCloseTo(1, 12);
    expect(speedup({ loss: 1 / 51, steps: 25 })).toBeCloseTo(2, 12);
  });

  test("refuses curves that are none", () => {
    const wrong = (options: object) => () => speedupOverAdam({ curves: [[2, 1]], ...options });
    expect(wrong({ curves: [] })).toThrow(OptionError);
    expect(wrong({ curves: [[1, 2], [1]] })).toThrow("curves of one length");
    expect(wrong({ curves: [[NaN, NaN]] })).toThrow("curves with finite losses");
    expect(wrong({ steps: [1, 1] })).toThrow("speedupOverAdam: steps must be 2 numbers that rise");
    expect(wrong({ smoothing: 1 })).toThrow("speedupOverAdam: smoothing");
    expect(() => speedupOverAdam({ curves: [[2, 1]] }).speedup({ loss: 1, steps: 0 })).toThrow("above 0");
  });
});
