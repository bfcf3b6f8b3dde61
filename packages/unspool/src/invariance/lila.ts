/**
 * Invariance learning with differentiable Laplace approximations (LILA; Immer, van der Ouderaa, Rätsch, Fortuin and van
 * der Wilk, NeurIPS 2022): weights are trained on the averaged outputs, and in the same run the ranges η of the
 * transformations and the precision δ of the prior follow the gradient of the evidence. No validation data.
 *
 * One step is one epoch: training of θ on -log p(D | θ, η) / N + ½ θᵀδθ / N; after the burn-in a measurement of the
 * curvature, steps of log δ (and log σ) on the evidence with it fixed, and one step of η.
 */
import { type Key, type Tensor, type Tree, np, random } from "../array/index.ts";
import { NonFiniteError } from "../errors.ts";
import { type Method, type MethodStep, requireFiniteValues } from "../methods/index.ts";
import { compiled } from "../unroll/index.ts";
import { batchesOf } from "./batchesOf.ts";
import { hasCollapsed } from "./collapse.ts";
import { layersOf } from "./evidenceErrors.ts";
import { laplaceEvidence } from "./laplaceEvidence.ts";
import { bestOf, etaSlope, hyperMetrics, numbersOf, priorSteps, trainEpoch } from "./lilaEpoch.ts";
import { type LilaOptions, type LilaSettings, lilaSettings } from "./lilaOptions.ts";
import { type LilaPrograms, lilaPrograms } from "./lilaPrograms.ts";
import { lilaRecipe } from "./lilaRecipe.ts";
import { type LilaState, type LilaTheta, requireTheta } from "./lilaTheta.ts";

const where = "lila";

/**
 * Trains a network and its hyperparameters; theta is that of `lilaTheta`. The loss of a step is the negative evidence, null
 * where it is not measured. Cost of an epoch with the evidence: two passes of training, and passes backwards for each
 * output of the network, twice.
 *
 * @example
 * const options = { evidence: { network: applyMlp, likelihood: categoricalLogits, augmentation: affineAugment() }, data };
 * const method = lila(options);
 * const theta = lilaTheta(options, { network: initMlp(key, [784, 100, 10]) });
 */
export function lila<Theta>(options: LilaOptions<Theta>): Method<LilaTheta<Theta>, LilaState<Theta>> {
  const settings = lilaSettings(options);
  // Parts of other draws are added up where decompositions are differentiated.
  const { structure = "kron" } = settings.evidence;
  const isAdded = settings.gradient === "direct" && structure === "kron";
  const evidence = laplaceEvidence({ ...settings.evidence, ...(isAdded && { gram: false }) });
  const { data, mapOptimizer, priorOptimizer, etaOptimizer, learn } = settings;
  const { augmentation, likelihood } = evidence.settings;
  const learnsEta = augmentation.parameters.length > 0 && learn.includes("eta");
  if (learnsEta && augmentation.samples === 1) {
    settings.onWarning?.(
      `${where}: one sample (${augmentation.name}) makes the evidence, and its derivative by the ranges, very noisy. Take 10 or more.`,
    );
  }
  const updateEta = compiled("lila.ranges", (slope: Tensor, state: Tree, eta: Tensor) => {
    const next = etaOptimizer.update<Tensor>(slope, state, eta);
    return { eta: augmentation.project?.(next.theta) ?? next.theta, state: next.state };
  });
  let programs: LilaPrograms<Theta> | undefined;
  const partsFor = (like: Theta) => ({
    ...{ evidence, data, mapOptimizer, priorOptimizer, like },
    learned: learn.filter((name) => name !== "eta"),
  });
  const programsFor = (like: Theta): LilaPrograms<Theta> => (programs ??= lilaPrograms(partsFor(like)));
  const examples = data.inputs.shape[0]!;
  let outputs: number | undefined;
  const isGuessing = (network: Theta, logMarginal: number): boolean => {
    outputs ??= layersOf(evidence.settings.network, network, data.inputs).outputs.shape[1]!;
    return hasCollapsed(logMarginal, likelihood, examples, outputs);
  };
  return {
    name: where,
    recipe: (theta, state) => ({ lila: lilaRecipe(settings, partsFor(theta.network), theta, state) }),
    init(theta) {
      requireTheta(theta, evidence.settings);
      evidence.require(theta.network, data);
      const { network, eta, ...prior } = theta;
      return {
        epoch: 0,
        map: mapOptimizer.init(network),
        prior: priorOptimizer.init(prior),
        eta: learnsEta ? etaOptimizer.init(eta) : {},
        best: null,
        bestEvidence: -Infinity,
        guessing: 0,
        restarts: 0,
      };
    },
    step(theta, state, key) {
      const run = programsFor(theta.network);
      const trained = trainEpoch(run, settings, theta, state.map, random.foldIn(key, "train"));
      const epoch = state.epoch + 1;
      const here = { ...theta, network: trained.theta };
      const kept = { ...state, epoch, map: trained.state };
      const metrics = { innerSteps: trained.batches, trainLoss: trained.loss };
      requireFiniteValues(where, "weights", here.network, "theta");
      const isDue = epoch > settings.burnIn && epoch % settings.frequency === 0;
      if (!isDue) return { theta: here, state: kept, loss: null, metrics };

      const parts = batchesOf(data, settings.fitBatch, random.foldIn(key, "fit order")).map((batch, i) =>
        run.measure(here.network, batch, here.eta, random.foldIn(random.foldIn(key, "fit"), i)),
      );
      const fit = evidence.fitOf(here.network, parts);
      const learned = priorSteps(run, settings.priorSteps, here, kept.prior, fit);
      const { evidence: measured, ...terms } = numbersOf(run.terms(learned.theta, fit));
      const logMarginal = measured!;
      requireEvidence(logMarginal, terms, epoch);
      const next = { ...here, ...learned.theta };
      const slope = learnsEta
        ? etaSlope(run, settings, next, { fit, parts }, random.foldIn(key, "eta"))
        : undefined;
      const ranges =
        slope === undefined ? { eta: next.eta, state: kept.eta } : updateEta(slope, kept.eta, next.eta);
      const guessing = isGuessing(next.network, logMarginal) ? state.guessing + 1 : 0;
      const moved: MethodStep<LilaTheta<Theta>, LilaState<Theta>> = {
        theta: { ...next, eta: ranges.eta },
        state: {
          ...kept,
          prior: learned.state,
          eta: ranges.state,
          guessing,
          ...bestOf(state, next, logMarginal),
        },
        loss: -logMarginal,
        metrics: { ...metrics, ...terms, ...hyperMetrics(augmentation.parameters, next) },
      };
      return guessing >= settings.collapsePatience
        ? afterCollapse(settings, moved, logMarginal, random.foldIn(key, "restart"))
        : moved;
    },
    evaluationTheta: (theta, { best }) => (settings.keepBest && best !== null ? best : theta),
  };
}

function afterCollapse<Theta>(
  { onCollapse, restart, mapOptimizer }: LilaSettings<Theta>,
  moved: MethodStep<LilaTheta<Theta>, LilaState<Theta>>,
  logMarginal: number,
  key: Key,
): MethodStep<LilaTheta<Theta>, LilaState<Theta>> {
  const { theta, state, metrics } = moved;
  if (onCollapse === "error") {
    throw new NonFiniteError(
      where,
      `the network has collapsed in epoch ${state.epoch}: its log evidence, ${logMarginal}, is that of guessing. Lower the learning ` +
        "rates, or lengthen the burn-in.",
      { step: state.epoch, quantity: "evidence" },
    );
  }
  const reported = { ...moved, metrics: { ...metrics, collapsed: 1 } };
  if (onCollapse === "report") return reported;
  const network = restart!(key);
  const logDelta = np.zerosLike(theta.logDelta);
  return {
    ...reported,
    theta: { ...theta, network, logDelta },
    state: { ...state, epoch: 0, guessing: 0, map: mapOptimizer.init(network), restarts: state.restarts + 1 },
  };
}

function requireEvidence(logMarginal: number, terms: Record<string, number>, epoch: number): void {
  if (Number.isFinite(logMarginal)) return;
  const [name, value] = Object.entries(terms).find(([, x]) => !Number.isFinite(x)) ?? ["evidence", NaN];
  throw new NonFiniteError(
    where,
    `the ${name} of the evidence is ${value} in epoch ${epoch}. Lower the learning rates, or start from a larger prior precision.`,
    { step: epoch, quantity: name },
  );
}
