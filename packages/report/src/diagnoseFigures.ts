/** The figures of a diagnosis. */
import type { ChaosReport, Diagnosis, ThetaEvidence } from "unspool";
import type { Figure, Series } from "unspool/train";

export function diagnoseFigures(diagnosis: Diagnosis): Figure[] {
  const measured = diagnosis.thetas.flatMap((one) =>
    one.report === undefined ? [] : [{ ...one, report: one.report }],
  );
  return measured.length === 0
    ? []
    : [growth(measured), variances(measured), slices(measured), exponents(measured), ...spectra(measured)];
}

type Measured = ThetaEvidence & { report: ChaosReport<unknown> };

const steps = (values: ArrayLike<number>): number[] => Array.from(values, (_, t) => t + 1);
const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);

function growth(measured: readonly Measured[]): Figure {
  return {
    id: "growth",
    title: "Growth of gradients along the unroll",
    caption:
      "Logarithm (base 10) of the growth of d loss / d theta after each inner step, beyond what a neutral loop gathers, in the direction of theta where it is largest: it has no units. Above 3, gradients explode if their variance says so, too.",
    x: { label: "inner step" },
    y: { label: "log10 of growth" },
    series: measured.map(({ where, report }) => ({
      name: where,
      x: steps(report.growth.logLossGrowth),
      y: Array.from(report.growth.logLossGrowth, (value) => finite(value / Math.LN10)),
    })),
    references: [{ axis: "y", value: 3, label: "a factor of 1000" }],
  };
}

function variances(measured: readonly Measured[]): Figure {
  const chosen = [measured[0]!, ...measured.slice(1).slice(-1)];
  const series = chosen.flatMap(({ where, report }): Series[] => {
    const { horizons } = report.variance;
    const x = horizons.map(({ horizon }) => horizon);
    return [
      { name: `backpropagation, ${where}`, x, y: horizons.map(({ rp }) => finite(rp.totalVariance)) },
      {
        name: `evolution strategies, ${where}`,
        x,
        y: horizons.map(({ esAntithetic }) => finite(esAntithetic.totalVariance)),
      },
    ];
  });
  return {
    id: "variances",
    title: "Variance of both kinds of gradient",
    caption:
      `Of one perturbed gradient of the mean loss, against the length of the unroll (sigma ${measured[0]!.report.variance.sigma}). ` +
      "Where the line of backpropagation is above, evolution strategies are the better estimate.",
    x: { label: "horizon (inner steps)", scale: "log" },
    y: { label: "total variance", scale: "log" },
    series,
  };
}

function slices(measured: readonly Measured[]): Figure {
  return {
    id: "slices",
    title: "Slices of the loss surface",
    caption:
      "Mean loss along a random direction of theta, all points from the same trajectory. Gradients of a rough curve say nothing about where it goes.",
    x: { label: "distance from theta" },
    y: { label: "mean loss" },
    series: measured.map(({ where, report }) => ({
      name: where,
      x: [...report.slice.offsets],
      y: Array.from(report.slice.losses, finite),
    })),
  };
}

function exponents(measured: readonly Measured[]): Figure {
  return {
    id: "exponents",
    title: "Lyapunov exponents over the unroll",
    caption: "Running average of the largest exponent: above 0, gradients grow exponentially.",
    x: { label: "inner step" },
    y: { label: "largest exponent per step" },
    series: measured.map(({ where, report }) => ({
      name: where,
      x: report.lyapunov.running.map(({ step }) => step),
      y: report.lyapunov.running.map(({ exponents }) => finite(exponents[0]!)),
    })),
    references: [{ axis: "y", value: 0, label: "neither growth nor decay" }],
  };
}

/** Corners of the polygon that stands for the unit circle. */
const corners = 120;

/** Eigenvalues of step Jacobians in the complex plane; absent for large states. */
function spectra(measured: readonly Measured[]): Figure[] {
  const series = measured.flatMap(({ where, report }): Series[] => {
    const values = report.spectra.flatMap(({ spectrum: { re, im } }) =>
      Array.from(re, (x, i) => [x, im[i]!]),
    );
    return values.length === 0
      ? []
      : [{ name: where, kind: "dots", x: values.map(([x]) => x!), y: values.map(([, y]) => y!) }];
  });
  if (series.length === 0) return [];
  const angles = Array.from({ length: corners + 1 }, (_, i) => (2 * Math.PI * i) / corners);
  return [
    {
      id: "spectra",
      title: "Spectra of the step's Jacobian",
      caption:
        "Eigenvalues of d next state / d state at a few steps along the trajectory. Outside of the unit circle they stretch, inside they forget; the products over many steps decide, which the exponents measure.",
      x: { label: "real part" },
      y: { label: "imaginary part" },
      series: [{ name: "unit circle", x: angles.map(Math.cos), y: angles.map(Math.sin) }, ...series],
    },
  ];
}
