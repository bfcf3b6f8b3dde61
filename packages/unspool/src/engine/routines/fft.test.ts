/** Fourier transforms against their definition in float64, against jax-js 0.1.25, and there and back. */
import { describe, expect, test } from "vitest";
import * as jax from "@jax-js/jax";
import { type Tensor, np } from "../../array/index.ts";
import { lift } from "../../array/lift.ts";
import { root } from "./fftStage.ts";
import { floatTypes, runRoutine, scattered, tracedRoutine } from "./testing.ts";

type Transform = (x: Tensor, y: Tensor) => { real: Tensor; imag: Tensor };

const [forward, backward] = [jax.numpy.fft.fft, jax.numpy.fft.ifft].map((fn): Transform => {
  const lifted = lift(fn);
  return (real, imag) => lifted({ real, imag }) as { real: Tensor; imag: Tensor };
}) as [Transform, Transform];

const numbers = (x: Tensor): number[] => Array.from(x.data as Float32Array);

function run(transform: Transform, real: Tensor, imag: Tensor, lanes = 4): number[][] {
  const { name, params, outputs } = tracedRoutine(transform, [real, imag]);
  return runRoutine(name, [real, imag], outputs, params, lanes);
}

/** The sum that defines the transform, of the last n elements. */
function definition(x: number[], y: number[], n: number): number[][] {
  const [re, im] = [x.slice(-n), y.slice(-n)];
  const indices = Array.from({ length: n }, (_, k) => k);
  const roots = indices.map((k) => root(k, n, false));
  const at = (j: number, k: number) => roots[(j * k) % n]!;
  return [
    indices.map((k) => indices.reduce((sum, j) => sum + re[j]! * at(j, k)[0] - im[j]! * at(j, k)[1], 0)),
    indices.map((k) => indices.reduce((sum, j) => sum + re[j]! * at(j, k)[1] + im[j]! * at(j, k)[0], 0)),
  ];
}

/** The largest difference, relative to the root of the mean square of the second. */
function relativeDistance(a: number[], b: number[]): number {
  const scale = Math.sqrt(b.reduce((sum, x) => sum + x * x, 0) / b.length);
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) / scale;
}

test("roots of unity: exact at quarters, on the circle, conjugate for the inverse", () => {
  expect([0, 1, 2, 3].map((k) => root(k, 4, false).map((x) => x + 0))).toEqual([[1, 0], [0, -1], [-1, 0], [0, 1]]); // prettier-ignore
  for (let k = 0; k < 30; k++) {
    const [c, s] = root(k, 30, true);
    expect(Math.abs(c - Math.cos((2 * Math.PI * k) / 30))).toBeLessThan(1e-15);
    expect(Math.abs(s - Math.sin((2 * Math.PI * k) / 30))).toBeLessThan(1e-15);
    expect(root(k, 30, false)).toEqual([c, -s]);
  }
});

describe.each(floatTypes)("%s", (dtype) => {
  const bound = dtype === "float32" ? 1e-6 : 1e-14;

  // Radices 1 to 5 are unrolled; 7, 11 and 127 are loops; 1155 = 3 5 7 11, 720 = 4 4 3 3 5.
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 30, 49, 64, 127, 720, 1155])("n = %i", (n) => {
    const [real, imag] = [scattered([2, n], dtype), scattered([2, n], dtype, 2)];
    const truth = definition(numbers(real), numbers(imag), n);
    for (const lanes of [1, 4, 8]) {
      const got = run(forward, real, imag, lanes);
      truth.forEach((part, i) => expect(relativeDistance(got[i]!.slice(n), part)).toBeLessThan(bound));
    }
    for (const transform of [forward, backward]) {
      const got = run(transform, real, imag);
      const wanted = transform(real, imag);
      // jax-js takes sines of many turns for large radices, which costs it digits.
      const wide = (n === 127 ? 20 : 3) * bound;
      [wanted.real, wanted.imag].forEach((part, i) => {
        expect(relativeDistance(got[i]!, numbers(part))).toBeLessThan(wide);
      });
    }
    const there = run(forward, real, imag).map((part) => np.array(part, { dtype, shape: [2, n] }));
    const back = run(backward, there[0]!, there[1]!);
    [real, imag].forEach((part, i) => {
      expect(relativeDistance(back[i]!, numbers(part))).toBeLessThan(bound);
    });
  });

  test("integers whose transform is exact", () => {
    const signal = np.array([1, 2, 3, 4], { dtype });
    const [re, im] = run(forward, signal, np.zeros([4], { dtype }));
    expect(re).toEqual([10, -2, -2, -2]);
    expect(im!.map((x) => x + 0)).toEqual([0, 2, 0, -2]);
  });
});
