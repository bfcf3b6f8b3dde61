/** The stream of a key in plain JavaScript. */
import { expect, test } from "vitest";
import { OptionError } from "../errors.ts";
import { random, randomStream } from "./index.ts";

const key = random.key(11);

test("number n is made of the words of foldIn(key, n)", () => {
  const stream = randomStream(key.data);
  for (let n = 0; n < 5; n++) {
    const [high, low] = random.foldIn(key, n).data;
    // The upper 27 and 26 bits, as in Python's random().
    expect(stream.uniform()).toBe(((high! >>> 5) * 67108864 + (low! >>> 6)) / 9007199254740992);
  }
});

test("moments of 20,000 draws are within four standard errors", () => {
  const count = 20_000;
  const stream = randomStream(key.data);
  const mean = (draw: () => number) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += draw();
    return sum / count;
  };
  // Standard errors of the means of u, x, x² and x⁴: sqrt(1/12), 1, sqrt(2) and sqrt(96) by sqrt(count).
  const error = 4 / Math.sqrt(count);
  expect(Math.abs(mean(stream.uniform) - 0.5)).toBeLessThan(error * Math.sqrt(1 / 12));
  expect(Math.abs(mean(stream.normal))).toBeLessThan(error);
  expect(Math.abs(mean(() => stream.normal() ** 2) - 1)).toBeLessThan(error * Math.SQRT2);
  expect(Math.abs(mean(() => stream.normal() ** 4) - 3)).toBeLessThan(error * Math.sqrt(96));
  const seen = [0, 0, 0];
  for (let i = 0; i < count; i++) seen[stream.integer(3)]!++;
  // A share of 1/3 has the standard error sqrt(2/9 / count).
  for (const times of seen) expect(Math.abs(times / count - 1 / 3)).toBeLessThan(error * Math.sqrt(2 / 9));
});

test("an integer needs a range", () => {
  expect(() => randomStream(key.data).integer(0)).toThrow(OptionError);
  expect(randomStream(key.data).integer(1)).toBe(0);
});
