/** Spectra of the Jacobians of single steps; one that cannot be computed is left out and told of. */
import { UnspoolError } from "../errors.ts";
import { type JacobianSpectrum, jacobianSpectrum } from "./jacobianSpectrum.ts";
import type { SquareMatrix } from "../numerics/index.ts";

export interface StepSpectrum {
  /** Steps before this one. */
  t: number;
  spectrum: JacobianSpectrum;
}

/** The spectra of `jacobians`, those of the steps at `times`, and a warning for each that is missing. */
export function stepSpectra(
  jacobians: readonly SquareMatrix[],
  times: readonly number[],
  spectrumOf: (matrix: SquareMatrix) => JacobianSpectrum = jacobianSpectrum,
): { spectra: StepSpectrum[]; warnings: string[] } {
  const spectra: StepSpectrum[] = [];
  const warnings: string[] = [];
  for (const [i, matrix] of jacobians.entries()) {
    const t = times[i]!;
    try {
      spectra.push({ t, spectrum: spectrumOf(matrix) });
    } catch (error) {
      if (!(error instanceof UnspoolError)) throw error;
      warnings.push(`The spectrum of the step after ${t} others is left out (${error.message}).`);
    }
  }
  return { spectra, warnings };
}
