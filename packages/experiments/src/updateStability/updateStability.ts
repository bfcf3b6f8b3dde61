/** Update rules as dynamics: which eigenvalues each bias of STAR moves into the unit circle, and what it spares. */
import {
  type Experiment,
  type Figure,
  type Measure,
  type RunRecord,
  type UpdateTheta,
  adam,
  bptt,
  clipByGlobalNorm,
  defineExperiment,
  innerProblem,
  noisyQuadraticUpdate,
  np,
  random,
  tree,
  updateStability as stabilityOf,
} from "unspool";
import { z } from "zod";
import { grid } from "../shared/series.ts";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { type Variant, curvatures, hessian, learnedRule, ruleOf, variants } from "./updateStabilityRules.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 0.01, pairs: 8, truncation: 20 }, "bptt"),
    nominalStep: z.number().min(0).default(0.2).describe("α at the start; 0 is the blackbox"),
    decay: z.number().min(0).default(1).describe("factor of the learned term P at the start"),
    horizon: z.int().min(1).default(40).describe("steps of the update rule"),
    steps: z.int().min(1).default(200).describe("outer steps"),
    outerLearningRate: z.number().positive().default(0.003).describe("of Adam on α and P"),
    clip: z.number().positive().default(1).describe("longest meta-gradient that is not shortened"),
  }),
  { optimizer: ["outerLearningRate", "clip"] },
);

type Config = z.infer<typeof config>;
type Run = RunRecord<UpdateTheta>;

const exact = { dtype: "float64" } as const;
/** Horizons of the figure of norms. */
const horizons = [5, 10, 20, 40, 80, 160];

export const updateStability: Experiment<unknown, UpdateTheta> = defineExperiment<Config, UpdateTheta>({
  name: "update-stability",
  summary:
    "a linear update rule on a noisy quadratic: eigenvalues, and the meta-gradients that explode with them",
  paper: "Harrison, Metz, Sohl-Dickstein (NeurIPS 2022), section 4 and Figure 1",
  config,
  setup(settings: Config) {
    const { horizon, nominalStep, decay, clip, outerLearningRate, steps, estimator } = settings;
    const problem = quadratic(horizon);
    const options = {
      ...estimatorOptions(settings),
      truncation: Math.min(settings.truncation, horizon),
      objective: "mean",
    } as const;
    const rate = outerRate(
      outerLearningRate,
      (to) => clipByGlobalNorm(adam({ learningRate: to }), { maxNorm: clip }),
      "outerLearningRate",
    );
    return {
      theta: { nominalStep: np.array(nominalStep, exact), learned: np.array(learnedRule(decay), exact) },
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      evaluate: async (theta, initial, _steps, measure) => evaluation(theta, initial, await norms(measure)),
      figures: async (run, measure) => [planeFigure(run), normFigure(await norms(measure))],
    };
  },
});

/** Noise of variance 1 in every direction, from the point (1, -1, 1, …). */
function quadratic(horizon: number) {
  const identity = curvatures.map((_, i) => curvatures.map((__, j) => (i === j ? 1 : 0)));
  const start = curvatures.map((_, i) => (-1) ** i);
  return noisyQuadraticUpdate({ hessian, noise: identity, start, horizon });
}

/** Stability of a theta of this experiment. */
function stabilityAt({ nominalStep, learned }: UpdateTheta) {
  const entries = [...learned.data];
  const n = curvatures.length;
  const rows = curvatures.map((_, i) => entries.slice(i * n, (i + 1) * n));
  return stabilityOf({ hessian, nominalStep: Math.max(0, nominalStep.item()), learned: rows });
}

const stabilityOfVariant = ({ nominalStep, decay, isPreconditioned }: Variant) =>
  stabilityOf({ hessian, nominalStep, learned: learnedRule(decay), isPreconditioned });

/** Norm of the meta-gradient by the whole rule R in φ ← φ - R ∇, so that all variants have the same coordinates. */
function metaGradientNorm(variant: Variant, horizon: number): number {
  const problem = quadratic(horizon);
  const estimator = bptt(problem);
  const theta = { nominalStep: np.array(0, exact), learned: np.array(ruleOf(variant), exact) };
  const key = random.key(0);
  const { gradient } = estimator.estimate(theta, estimator.init(theta, key), key);
  return Math.hypot(...tree.flatten(gradient.learned));
}

/** Norms [variants][horizons]. */
async function norms(measure: Measure): Promise<number[][]> {
  const all = variants.flatMap((variant) => horizons.map((horizon) => ({ variant, horizon })));
  const found = await measureEach(measure, "meta-gradients", all, ({ variant, horizon }) => [
    metaGradientNorm(variant, horizon),
  ]);
  return variants.map((_, i) => found.slice(i * horizons.length, (i + 1) * horizons.length).flat());
}

function evaluation(theta: UpdateTheta, initial: UpdateTheta, found: number[][]) {
  const rows = variants.map((variant, i) => {
    const { radius, isStable } = stabilityOfVariant(variant);
    return [variant.name, radius, isStable ? "yes" : "no", found[i]!.at(-1)!];
  });
  const [before, after] = [initial, theta].map(stabilityAt);
  return {
    metrics: {
      initialRadius: before!.radius,
      tunedRadius: after!.radius,
      tunedNominalStep: theta.nominalStep.item(),
    },
    table: {
      title: "Update rules and their biases",
      columns: ["rule", "spectral radius", "stable", `norm of the meta-gradient, T = ${horizons.at(-1)}`],
      rows,
    },
  };
}

function planeFigure(run: Run): Figure {
  const turns = grid(-Math.PI / 6, Math.PI / 6, 61);
  const dots = (name: string, { re, im }: { re: Float64Array; im: Float64Array }) => ({
    name,
    kind: "dots" as const,
    x: [...re],
    y: [...im],
  });
  return {
    id: "eigenvalues",
    title: "Eigenvalues of the update",
    caption:
      "Of A = I - B (αI + P) H, which carries the mean of the parameters from step to step. A rule is stable if all " +
      "are left of the arc: those of the blackbox are not; a nominal step, decay of the learned term and a " +
      "preconditioner at its output all pull them inwards (Harrison et al. 2022, Figure 1). A rule that was tuned " +
      "for few steps may end outside all the same: what grows slowly costs nothing until later.",
    x: { label: "real part", domain: [0.4, 1.4] },
    y: { label: "imaginary part", domain: [-0.5, 0.5] },
    series: [
      ...variants.map((variant) => dots(variant.name, stabilityOfVariant(variant).eigenvalues)),
      dots("after this run", stabilityAt(run.theta).eigenvalues),
      { name: "unit circle", x: turns.map(Math.cos), y: turns.map(Math.sin) },
    ],
  };
}

function normFigure(found: number[][]): Figure {
  return {
    id: "meta-gradient",
    title: "Meta-gradient against horizon",
    caption:
      "Norm of the derivative of the mean loss by the rule, in float64. Where the spectral radius ρ exceeds 1 it " +
      "grows like ρ to the power 2T; where all eigenvalues are within the circle it stays bounded.",
    x: { label: "steps T" },
    y: { label: "norm of the meta-gradient", scale: "log" },
    series: variants.map(({ name }, i) => ({ name, x: horizons, y: found[i]! })),
  };
}
