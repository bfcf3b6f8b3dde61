import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../../array/index.ts";
import { compiled } from "../../../unroll/index.ts";
import { addToBuffer, adjustBuffer, drawByAge, drawByWeight, emptyBuffer } from "./sampleBuffer.ts";

const f64 = (x: number[] | number[][]): Tensor => np.array(x, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.data, Number);

describe("the buffer", () => {
  const batch = (from: number, n = 4) => ({
    x: f64(Array.from({ length: n }, (_, i) => [from + i])),
    logW: f64(Array.from({ length: n }, (_, i) => (i === 3 ? NaN : 0))),
    logQ: f64(Array.from({ length: n }, () => -1)),
  });

  test("is a ring: the oldest points go first, and what is not finite has no weight", () => {
    const add = compiled("add", addToBuffer);
    let buffer = emptyBuffer(6, 1, "float64");
    for (let i = 0; i < 4; i++) buffer = add(buffer, batch(10 * i));
    // Places 0-3, 4 5 0 1, 2-5, 0-3.
    expect(numbers(buffer.x)).toEqual([30, 31, 32, 33, 22, 23]);
    expect(numbers(buffer.logW)).toEqual([0, 0, 0, -Infinity, 0, -Infinity]);
    expect(numbers(buffer.stored)).toEqual([4, 4, 4, 4, 3, 3]);
  });

  test("is drawn from by weight without replacement: the first place of a draw is a draw ∝ w", () => {
    const logW = f64([0, Math.log(2), Math.log(5), -Infinity]);
    const buffer = { ...emptyBuffer(4, 1, "float64"), logW };
    const draw = compiled("draw", (key: Tensor) => drawByWeight(buffer, key, 2));
    const count = 2000;
    const pairs = Array.from({ length: count }, (_, i) =>
      numbers(draw(random.key(i)))
        .toSorted()
        .join(),
    );
    // P of a pair without order: w_a w_b / T (1 / (T - w_a) + 1 / (T - w_b)) with T = 8.
    const pair = (a: number, b: number): number => ((a * b) / 8) * (1 / (8 - a) + 1 / (8 - b));
    const wanted = { "0,1": pair(1, 2), "0,2": pair(1, 5), "1,2": pair(2, 5) };
    for (const [name, p] of Object.entries(wanted)) {
      const share = pairs.filter((one) => one === name).length / count;
      expect(Math.abs(share - p) / Math.sqrt((p * (1 - p)) / count)).toBeLessThan(4);
    }
    expect(pairs.every((one) => one in wanted)).toBe(true);
  });

  test("is drawn from by age: temperature 0 is uniform, a high one the newest", () => {
    let buffer = emptyBuffer(12, 1, "float64");
    for (let i = 0; i < 2; i++) buffer = addToBuffer(buffer, batch(10 * i));
    const newest = compiled("newest", (key: Tensor) => drawByAge(buffer, key, 4, 200));
    expect(numbers(newest(random.key(1))).toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7]);
    const any = compiled("any", (key: Tensor) => drawByAge(buffer, key, 1, 0));
    const draws = Array.from({ length: 2000 }, (_, i) => any(random.key(i)).data[0]!);
    for (let place = 0; place < 8; place++) {
      const share = draws.filter((one) => one === place).length / 2000;
      expect(Math.abs(share - 1 / 8) / Math.sqrt(7 / 64 / 2000)).toBeLessThan(4);
    }
  });

  test("follows the flow: log w += (1 - α)(log q - log q_old); what is not finite is taken out", () => {
    const buffer = addToBuffer(emptyBuffer(6, 1, "float64"), batch(0));
    const places = np.array([2, 0, 1], { dtype: "int32" });
    const { logW, logQ } = adjustBuffer(buffer, places, f64([-1.5, -0.8, NaN]), 2);
    numbers(logW)
      .slice(0, 3)
      .forEach((value, i) => expect(value).toBeCloseTo([-0.2, -Infinity, 0.5][i]!, 12));
    expect(numbers(logQ).slice(0, 3)).toEqual([-0.8, -1, -1.5]);
  });
});
