/** A recurrent network that is to remember: spectra at two initialisations, exponents against the scale of weights. */
import {
  type Experiment,
  type Figure,
  type Key,
  type Measure,
  type RecurrentTheta,
  type Series,
  adam,
  clipByGlobalNorm,
  defineExperiment,
  gradientGrowth,
  innerProblem,
  jacobianSpectrum,
  lyapunov,
  random,
  recurrentNetwork as recurrentNetworkProblem,
  stateJacobian,
  tree,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { grid } from "../shared/series.ts";
import { withSearches } from "../shared/withSearches.ts";

const initialisations = ["gaussian", "orthogonal"] as const;

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.01, pairs: 32, truncation: 10 }, "bptt"),
    steps: z.int().min(1).default(150).describe("outer steps"),
    learningRate: z.number().positive().default(3e-3).describe("of Adam on weights and bias"),
    clip: z.number().positive().default(1).describe("longest gradient that is not shortened"),
    initialisation: z.enum(initialisations).default("orthogonal"),
    gain: z.number().positive().default(1).describe("scale of the initial weights"),
    units: z.int().min(1).max(200).default(64),
    horizon: z.int().min(1).default(50).describe("steps over which the first state is to be kept"),
    dtype: z.enum(["float32", "float64"]).default("float32"),
  }),
  { optimizer: ["learningRate", "clip"] },
);

type Config = z.infer<typeof config>;
type Initialisation = (typeof initialisations)[number];

/** Steps before the Jacobian whose spectrum is drawn. */
const spectrumStep = 20;

export const recurrentNetwork: Experiment<unknown, RecurrentTheta> = defineExperiment<Config, RecurrentTheta>(
  {
    name: "recurrent-network",
    summary: "a recurrent network that is to keep its first state: spectra, exponents, exploding gradients",
    paper: "Metz et al., Gradients are Not All You Need (2021), recurrent networks at two initialisations",
    config,
    setup(settings: Config, key: Key) {
      const { estimator, horizon, learningRate, clip, steps, dtype, initialisation, gain } = settings;
      const problem = network(settings, key, initialisation, gain, horizon);
      const options = {
        ...estimatorOptions(settings),
        truncation: Math.min(settings.truncation, horizon),
        objective: "mean",
      } as const;
      const rate = outerRate(learningRate, (to) =>
        clipByGlobalNorm(adam({ learningRate: to }), { maxNorm: clip }),
      );
      return {
        theta: tree.astype(problem.theta!, dtype),
        ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
        inner: innerProblem(problem, options, rate),
        steps,
        async evaluate(theta, initial, _steps, measure) {
          const rows = await measureEach(measure, "losses", [initial, theta], (one) => {
            const { losses } = unroll(problem, one, { key: random.key(0) });
            return [losses.mean().item(), losses.data[horizon - 1]!, exponent(problem, one, horizon)];
          });
          const [loss, lastLoss, lastExponent] = rows[1]!;
          return {
            metrics: { initialLoss: rows[0]![0]!, loss: loss!, lastLoss: lastLoss!, exponent: lastExponent! },
            table: {
              title: `Distance from the first state over ${horizon} steps`,
              columns: ["", "mean loss", "loss at the end", `largest exponent over ${horizon} steps`],
              rows: [
                ["initial", ...rows[0]!],
                ["tuned", ...rows[1]!],
              ],
            },
          };
        },
        figures: async (run, measure) => [
          await spectrumFigure(settings, key, run.theta, measure),
          await exponentFigure(settings, key, measure),
          await growthFigure(settings, key, measure),
        ],
      };
    },
  },
);

function network(
  { units }: Config,
  key: Key,
  initialisation: Initialisation,
  gain: number,
  horizon = Infinity,
) {
  const weightsKey = random.foldIn(key, "weights");
  return recurrentNetworkProblem({ units, gain, initialisation, horizon, key: weightsKey });
}

function exponent(problem: ReturnType<typeof network>, theta: RecurrentTheta, steps: number): number {
  return lyapunov(problem, theta, { steps, burnIn: 0, exponents: 1 }).exponents[0]!;
}

async function spectrumFigure(
  settings: Config,
  key: Key,
  tuned: RecurrentTheta,
  measure: Measure,
): Promise<Figure> {
  const turns = grid(0, 2 * Math.PI, 181);
  const drawn = [...initialisations, "tuned"] as const;
  const spectra = await measureEach(measure, "spectra", drawn, (name) => {
    const initialisation = name === "tuned" ? settings.initialisation : name;
    const problem = network(settings, key, initialisation, settings.gain);
    const theta = name === "tuned" ? tuned : problem.theta!;
    const { re, im } = jacobianSpectrum(stateJacobian(problem, theta, { t: spectrumStep }));
    return [...re, ...im];
  });
  const dots = drawn.map((name, i): Series => {
    const half = spectra[i]!.length / 2;
    return { name, kind: "dots", x: spectra[i]!.slice(0, half), y: spectra[i]!.slice(half) };
  });
  const reach = 1.1 * Math.max(1, settings.gain);
  return {
    id: "spectrum",
    title: "Eigenvalues of the Jacobian of a step",
    caption: `After ${spectrumStep} steps, at both initialisations with gain ${settings.gain}, and at the tuned weights. Products of Jacobians whose eigenvalues lie inside the unit circle vanish, those outside explode. After the spectra of Metz et al. (2021).`,
    // As wide as the drawing is in comparison to its height, so that the circle is round.
    x: { label: "real part", domain: [-1.87 * reach, 1.87 * reach] },
    y: { label: "imaginary part", domain: [-reach, reach] },
    series: [{ name: "unit circle", x: turns.map(Math.cos), y: turns.map(Math.sin) }, ...dots],
  };
}

async function exponentFigure(settings: Config, key: Key, measure: Measure): Promise<Figure> {
  const gains = grid(0.4, 3, 14);
  const all = initialisations.flatMap((initialisation) => gains.map((gain) => ({ initialisation, gain })));
  const found = await measureEach(measure, "exponents", all, ({ initialisation, gain }) => {
    const problem = network(settings, key, initialisation, gain);
    return lyapunov(problem, problem.theta!, { steps: 500, burnIn: 200, exponents: 1 }).exponents;
  });
  return {
    id: "exponents",
    title: "Largest Lyapunov exponent against the scale of the weights",
    caption:
      "Over 500 steps after 200. Below 0 gradients through the loop vanish, above they explode. Gaussian weights are chaotic above a gain of about 1 (Sompolinsky, Crisanti & Sommers 1988).",
    x: { label: "gain" },
    y: { label: "exponent per step" },
    series: initialisations.map((initialisation, i) => ({
      name: initialisation,
      x: gains,
      y: found.slice(i * gains.length, (i + 1) * gains.length).flat(),
    })),
    references: [{ axis: "y", value: 0, label: "edge of chaos" }],
  };
}

async function growthFigure(settings: Config, key: Key, measure: Measure): Promise<Figure> {
  const gains = [0.5, 1, 2, 3];
  const growths = await measureEach(measure, "growth", gains, (gain) => {
    const problem = network(settings, key, "gaussian", gain);
    return gradientGrowth(problem, problem.theta!, { steps: 100 }).logStateNorms;
  });
  return {
    id: "growth",
    title: "Growth of the derivative of the state with respect to the weights",
    caption:
      "Along random directions of weights and bias, for Gaussian weights: it levels off for small gains and grows exponentially for large ones.",
    x: { label: "step" },
    y: { label: "norm of the derivative", scale: "log" },
    series: gains.map((gain, i) => ({
      name: `gain ${gain}`,
      x: growths[i]!.map((_, t) => t + 1),
      y: growths[i]!.map(Math.exp),
    })),
  };
}
