/** One network on the ring toy, with one way to be invariant to rotations or none. */
import {
  type AugerinoState,
  type AugerinoTheta,
  type Augmentation,
  type Evaluation,
  type EvidenceData,
  type Experiment,
  type Key,
  type LaplaceEvidenceOptions,
  type Layer,
  type Layers,
  type LilaTheta,
  type Method,
  type Tensor,
  adam,
  applyMlp,
  augerino,
  averagedOutputs,
  categoricalLogits,
  compiled,
  cosineDecay,
  defineExperiment,
  initMlp,
  laplaceEvidence,
  lila,
  lilaTheta,
  nn,
  noAugmentation,
  np,
  random,
  ringToy,
  rotation2d,
} from "unspool";
import { z } from "zod";
import { uniformFanIn } from "../shared/uniformFanIn.ts";
import { ringFigures } from "./ringFigures.ts";

export const ringMethods = [
  "lila",
  "deterministic",
  "circle",
  "augmented",
  "none",
  "polar",
  "augerino",
] as const;
export type RingMethod = (typeof ringMethods)[number];

const config = z.strictObject({
  method: z
    .enum(ringMethods)
    .default("lila")
    .describe(
      "lila: range learned by the evidence (deterministic: of a grid of angles); circle: the whole circle, fixed; augmented: that with one sample; none; polar: the radius alone; augerino",
    ),
  structure: z.enum(["full", "kron", "diag"]).default("kron").describe("of the curvature"),
  samples: z.int().min(1).default(30).describe("rotated copies of each point"),
  steps: z.int().min(1).default(500).describe("epochs"),
  learningRate: z.number().positive().default(0.1).describe("of Adam on the weights"),
  priorRate: z.number().positive().default(0.1).describe("of Adam on log delta"),
  etaRate: z.number().positive().default(0.005).describe("of Adam on the range, which falls to 1e-5"),
  hidden: z.int().min(1).default(50).describe("tanh units"),
  start: z.number().default(0.05).describe("first range, as a share of the whole circle"),
});

type Config = z.infer<typeof config>;
export type RingTheta = LilaTheta<Layer[]>;

/** The network; `polar` sees the radius only, which is invariance written by hand. */
export function ringNetwork(isPolar: boolean) {
  return (theta: Layer[], x: Tensor, layers: Layers): Tensor => {
    const inputs = isPolar ? np.sqrt(x.mul(x).sum(1, { keepdims: true })) : x;
    return applyMlp(theta, inputs, layers, np.tanh);
  };
}

function augmentationOf({ method, samples }: Config): Augmentation {
  if (method === "none" || method === "polar") return noAugmentation();
  if (method === "augmented") return rotation2d({ samples: 1 });
  return rotation2d({ samples, deterministic: method === "deterministic" });
}

export const ringTraining: Experiment<unknown, RingTheta> = defineExperiment<Config, RingTheta>({
  name: "invariance-ring-training",
  summary: "one network on the ring toy, invariant to rotations by learning, by hand or not at all",
  paper: "Immer et al. (NeurIPS 2022), the illustration",
  config,
  setup(settings: Config, key: Key) {
    const { method, structure, steps, hidden, start } = settings;
    const data = ringToy(random.foldIn(key, "data"));
    const augmentation = augmentationOf(settings);
    const network = ringNetwork(method === "polar");
    const evidence = { network, likelihood: categoricalLogits, augmentation, structure };
    const sizes = [method === "polar" ? 1 : 2, hidden, 2];
    const weights = initMlp(random.foldIn(key, "weights"), sizes, { weights: uniformFanIn });
    const isFixed = method === "circle" || method === "augmented";
    const eta = augmentation.parameters.map(() => (isFixed ? 1 : start));
    const theta = lilaTheta({ evidence }, { network: weights, eta });
    const mapOptimizer = adam({ learningRate: settings.learningRate });
    const etaOptimizer = adam({ learningRate: cosineDecay({ from: settings.etaRate, to: 1e-5, steps }) });
    const trained = {
      ...{ evidence, data, mapOptimizer, etaOptimizer, burnIn: 0 },
      priorOptimizer: adam({ learningRate: settings.priorRate }),
      learn: isFixed || eta.length === 0 ? (["logDelta"] as const) : (["eta", "logDelta"] as const),
    };
    const probability = compiled("ring probability", (own: RingTheta, points: Tensor, epsilon: Tensor) =>
      nn
        .softmax(averagedOutputs(network, augmentation, own.network, points, { eta: own.eta, epsilon }), 1)
        .slice([], 1),
    );
    const at = (own: RingTheta, points: Tensor): Tensor =>
      probability(own, points, augmentation.draw(random.foldIn(key, "test"), points.shape[0]!));
    return {
      theta,
      method:
        method === "augerino"
          ? onLilaTheta(augerino({ network, likelihood: categoricalLogits, augmentation, data }))
          : lila(trained),
      steps,
      evaluate: (own) => evaluation(settings, { evidence, data, at, key }, own),
      figures: (run) => ringFigures(run, data, (points) => at(run.theta, points)),
    };
  },
});

interface Parts {
  evidence: LaplaceEvidenceOptions<Layer[]>;
  data: EvidenceData;
  /** Probability of class 1 at points. */
  at(own: RingTheta, points: Tensor): Tensor;
  key: Key;
}

/** Another draw of the arcs around the whole circle, which only an invariant classifier gets right. */
function evaluation({ method }: Config, { evidence, data, at, key }: Parts, own: RingTheta): Evaluation {
  const accuracy = ({ inputs, targets }: EvidenceData): number => {
    const p = at(own, inputs).data;
    const right = Array.from(targets.data, Number).filter((label, i) => p[i]! > 0.5 === (label === 1));
    return right.length / p.length;
  };
  const whole = ringToy(random.foldIn(key, "circle"), { n: 600, degree: 360 });
  const metrics: Record<string, number> = {
    accuracy: accuracy(data),
    circleAccuracy: accuracy(whole),
    ...(own.eta.size === 1 && { degrees: 180 * Math.min(1, Math.abs(own.eta.item())) }),
  };
  if (method === "augerino") return { metrics };
  const fit = { eta: own.eta, key: random.foldIn(key, "evidence") };
  const posterior = laplaceEvidence(evidence).fit(own.network, data, fit);
  return {
    metrics: {
      ...metrics,
      evidence: posterior.logMarginal(own.logDelta).item(),
      delta: Math.exp(own.logDelta.item()),
    },
  };
}

/** Augerino has no prior: what `lila` learns of it stays. */
function onLilaTheta(
  method: Method<AugerinoTheta<Layer[]>, AugerinoState>,
): Method<RingTheta, AugerinoState> {
  return {
    name: method.name,
    recipe: ({ network, eta }, state) => method.recipe({ network, eta }, state),
    init: ({ network, eta }, key) => method.init({ network, eta }, key),
    step({ network, eta, ...rest }, state, key) {
      const made = method.step({ network, eta }, state, key);
      return { ...made, theta: { ...rest, ...made.theta } };
    },
  };
}
