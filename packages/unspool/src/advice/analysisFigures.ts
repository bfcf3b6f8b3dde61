/** The figures of Maheswaranathan et al. (NeurIPS 2021) for one optimizer. */
import type { Figure, Series } from "../train/index.ts";
import type { OptimizerAnalysis } from "./analyseOptimizer.ts";

export function analysisFigures(analysis: OptimizerAnalysis): Figure[] {
  return [
    eigenvaluesFigure(analysis),
    momentumFigure(analysis),
    updateFigure(analysis),
    saturationFigure(analysis),
    modeFigure(analysis),
    scheduleFigure(analysis),
    stateFigure(analysis),
    curveFigure(analysis),
    slopesFigure(analysis),
  ];
}

/** Corners of the polygon that stands for the unit circle. */
const corners = 120;

function eigenvaluesFigure({ modes: { modes } }: OptimizerAnalysis): Figure {
  const angles = Array.from({ length: corners + 1 }, (_, i) => (2 * Math.PI * i) / corners);
  return {
    id: "eigenvalues",
    title: "Modes at the fixed point",
    caption:
      "Eigenvalues of the state's Jacobian where the state rests without a gradient. Those near 1 on the real axis are momenta, complex pairs are momenta that swing; outside of the circle a mode would grow. After the momentum figure of Maheswaranathan et al. (2021).",
    x: { label: "real part" },
    y: { label: "imaginary part" },
    series: [
      { name: "unit circle", x: angles.map(Math.cos), y: angles.map(Math.sin) },
      {
        name: "eigenvalues",
        kind: "dots",
        x: modes.map(({ eigenvalue }) => eigenvalue.re),
        y: modes.map(({ eigenvalue }) => eigenvalue.im),
      },
    ],
  };
}

function momentumFigure({ modes: { modes }, optimum, nearest }: OptimizerAnalysis): Figure {
  const dot = (name: string, x: number, y: number): Series => ({ name, kind: "dots", x: [x], y: [y] });
  return {
    id: "momentum-plane",
    title: "Modes as momenta",
    caption:
      "Each mode is a momentum |λ| with a learning rate (the real part of a). The nearest momentum is the one whose response to a gradient is nearest to that of all modes together" +
      (optimum === undefined
        ? "."
        : "; the optimum is that of heavy ball on a quadratic with the curvatures of the tasks. ") +
      " After the momentum figure of Maheswaranathan et al. (2021).",
    x: { label: "learning rate a" },
    y: { label: "momentum |λ|", domain: [0, 1] },
    series: [
      {
        name: "modes",
        kind: "dots",
        x: modes.map(({ learningRate }) => learningRate.re),
        y: modes.map(({ eigenvalue }) => Math.hypot(eigenvalue.re, eigenvalue.im)),
      },
      dot("nearest momentum", nearest.learningRate, nearest.momentum),
      ...(optimum === undefined ? [] : [dot("optimal momentum", optimum.learningRate, optimum.momentum)]),
    ],
  };
}

function updateFigure({ update, autonomous }: OptimizerAnalysis): Figure {
  const x = [...update.gradients];
  const rate = autonomous.learningRates[0]!;
  const middle = update.values[(x.length - 1) / 2]!;
  return {
    id: "update-function",
    title: "Update function at the start",
    caption:
      "Change of a parameter in the first step as a function of its gradient, over the range that holds 99.9 % of the gradients met. Where it leaves the straight line of gradient descent the optimizer clips. After the update functions of Maheswaranathan et al. (2021).",
    x: { label: "gradient g" },
    y: { label: "change of the parameter" },
    series: [
      { name: "learned", x, y: [...update.values] },
      { name: "gradient descent with the same slope", x, y: x.map((g) => middle - rate * g) },
    ],
  };
}

function saturationFigure({ saturation, gradientSizes }: OptimizerAnalysis): Figure {
  const x = [...saturation.gradients];
  const below = x.map((size) => {
    const index = gradientSizes.findIndex((one) => one > size);
    return (index < 0 ? gradientSizes.length : index) / gradientSizes.length;
  });
  return {
    id: "saturation",
    title: "Clipping, and the gradients it meets",
    caption:
      "The share of a linear step that the optimizer makes, at the start (1: linear, towards 0: clipped), and the share of the gradients met in training that are smaller. Where the second is near 1 while the first has not fallen, the optimizer works in its linear range. After the saturation figures of Maheswaranathan et al. (2021).",
    x: { label: "size of the gradient |g|", scale: "log" },
    y: { label: "share" },
    series: [
      { name: "part of a linear step, S", x, y: [...saturation.values] },
      { name: "gradients below", x, y: below },
    ],
  };
}

function modeFigure({ update, updatesAlongMode }: OptimizerAnalysis): Figure {
  const x = [...update.gradients];
  return {
    id: "along-mode",
    title: "Update functions along the largest mode",
    caption:
      "With the state at the fixed point, and shifted along the mode with the largest learning rate. A shift of the curve up or down is momentum; a change of its slope is a change of the learning rate. After the update functions of Maheswaranathan et al. (2021).",
    x: { label: "gradient g" },
    y: { label: "change of the parameter" },
    series: updatesAlongMode.map(({ shift, values }) => ({ name: `shift ${shift}`, x, y: [...values] })),
  };
}

function scheduleFigure({ autonomous, modes }: OptimizerAnalysis): Figure {
  const rates = [...autonomous.learningRates];
  return {
    id: "schedule",
    title: "Learning-rate schedule",
    caption:
      "Effective learning rate of the state that is left to itself, without gradients: the schedule that the optimizer carries with it. After the autonomous dynamics of Maheswaranathan et al. (2021).",
    x: { label: "step t" },
    y: { label: "effective learning rate s(h)" },
    series: [{ name: "without gradients", x: rates.map((_, t) => t), y: rates }],
    references: [{ axis: "y", value: modes.effectiveLearningRate, label: "at the fixed point" }],
  };
}

function stateFigure(analysis: OptimizerAnalysis): Figure {
  const { components, visited, autonomous, adaptation } = analysis;
  const series = (name: string, states: readonly Float64Array[], kind: "line" | "dots"): Series => {
    const points = states.map((state) => components.project(state));
    return { name, kind, x: points.map(([x]) => x!), y: points.map(([, y]) => y ?? 0) };
  };
  const steady = adaptation.points.filter(({ isStable }) => isStable).map(({ state }) => state);
  return {
    id: "states",
    title: "States in their first two principal components",
    caption: `Visited states, the way from the start to the fixed point without gradients, and the curve of fixed points under steady gradients, from negative to positive ones. The two components hold ${Math.round(100 * components.explained[Math.min(1, analysis.size - 1)]!)} % of the variance. After the state-space figures of Maheswaranathan et al. (2021).`,
    x: { label: "first component" },
    y: { label: "second component" },
    series: [
      series("visited", visited, "dots"),
      series("without gradients", autonomous.states, "line"),
      series("fixed points under steady gradients", steady, "line"),
      series("fixed point at g = 0", [adaptation.origin.state], "dots"),
    ],
  };
}

function curveFigure({ adaptation }: OptimizerAnalysis): Figure {
  return {
    id: "s-curve",
    title: "Fixed points under steady gradients",
    caption:
      "How far the state that a steady gradient holds lies from the one without, along the direction that moves the parameter: a curve with an arm for each sign. After the S-curve of Maheswaranathan et al. (2021).",
    x: { label: "steady gradient g", scale: "symlog" },
    y: { label: "projection on the readout" },
    series: [overGradients("fixed points", adaptation, adaptation.projections)],
  };
}

function slopesFigure({ adaptation }: OptimizerAnalysis): Figure {
  return {
    id: "slopes",
    title: "Learning-rate adaptation",
    caption:
      "Slope at g = 0 of the update function in the state that a steady gradient holds. Where it falls along both arms, large gradients lower the learning rate, as they do in RMSProp and Adam. After the adaptation figure of Maheswaranathan et al. (2021).",
    x: { label: "steady gradient g", scale: "symlog" },
    y: { label: "effective learning rate s(h*(g))" },
    series: [overGradients("learned", adaptation, adaptation.learningRates)],
    references: [{ axis: "y", value: adaptation.origin.learningRate, label: "without gradients" }],
  };
}

/** Without the gradients under which the state does not come to rest. */
function overGradients(
  name: string,
  { gradients, points }: OptimizerAnalysis["adaptation"],
  values: Float64Array,
): Series {
  const kept = [...gradients.keys()].filter((i) => points[i]!.isStable);
  return { name, x: kept.map((i) => gradients[i]!), y: kept.map((i) => values[i]!) };
}
