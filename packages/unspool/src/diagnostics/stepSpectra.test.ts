/** Spectra along a trajectory. */
import { expect, test } from "vitest";
import { UnspoolError } from "../errors.ts";
import { jacobianSpectrum } from "./index.ts";
import { stepSpectra } from "./stepSpectra.ts";

const diagonal = (a: number, b: number) => ({ size: 2, entries: Float64Array.of(a, 0, 0, b) });

test("a step whose spectrum does not converge is left out, with a warning", () => {
  const { spectra, warnings } = stepSpectra(
    [diagonal(1, 2), diagonal(3, 5), diagonal(4, 1)],
    [0, 7, 9],
    (matrix) => {
      if (matrix.entries[0] === 3) throw new UnspoolError("CONVERGENCE", "eigenvalues: no convergence.");
      return jacobianSpectrum(matrix);
    },
  );
  expect(spectra.map(({ t, spectrum }) => [t, spectrum.spectralRadius])).toEqual([
    [0, 2],
    [9, 4],
  ]);
  expect(warnings).toEqual([
    "The spectrum of the step after 7 others is left out (eigenvalues: no convergence.).",
  ]);
});

test("errors of the program itself are not swallowed", () => {
  const broken = () => {
    throw new TypeError("x");
  };
  expect(() => stepSpectra([diagonal(1, 2)], [0], broken)).toThrow(TypeError);
});
