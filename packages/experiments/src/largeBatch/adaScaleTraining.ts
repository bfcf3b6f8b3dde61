/** AdaScale (Johnson et al. 2020) on the network of `large-batch`: ten batches of 50 per update, an outer step each. */
import {
  type AdaScaleState,
  type Experiment,
  type LabelledData,
  type Method,
  type MomentumState,
  type Network,
  type Tensor,
  adaScale,
  compiled,
  defineExperiment,
  grad,
  momentum,
  np,
  random,
  tree,
  vmap,
} from "unspool";
import { z } from "zod";
import { type SmallMnist, loadSmallMnist } from "../shared/data/mnist.ts";
import { base, batchTraining, imagesField, stepsOf, tunedBatch } from "./batchTraining.ts";

/** Batches per update, S. */
export const batchesPerUpdate = 10;

const config = z.strictObject({
  images: imagesField,
  network: z.int().min(0).default(0).describe("which first weights and batches"),
});

interface State {
  momentum: MomentumState;
  gain: AdaScaleState;
  updates: number;
  isMeasured: boolean;
  loss: number;
}

/**
 * Trains until the schedule for single batches has done its steps; the schedule is a constant learning rate. Then a
 * step measures `trainLoss` and `testError`. A run has as many outer steps as there could be updates: those that are
 * left do nothing.
 */
export const adaScaleTraining: Experiment<unknown, Network> = defineExperiment<
  z.infer<typeof config>,
  Network
>({
  name: "ada-scale-training",
  summary: "training by AdaScale with ten batches per update",
  config,
  setup({ images, network: number }, key) {
    const data = loadSmallMnist(images);
    const own = random.foldIn(random.foldIn(key, "study"), number);
    const { problem } = trainingOf(data);
    return {
      theta: problem.init({ unused: np.zeros([]) }, own).network,
      method: adaScaleMethod(data, own),
      // A gain is at least 1.
      steps: stepsOf(tunedBatch, images) + 1,
    };
  },
});

const trainingOf = (data: SmallMnist) =>
  batchTraining<{ unused: Tensor }>(data, tunedBatch, () => momentum());

function adaScaleMethod(data: SmallMnist, key: Tensor): Method<Network, State> {
  const { loss, error } = trainingOf(data);
  const steps = stepsOf(tunedBatch, data.train.labels.shape[0]!);
  const rule = adaScale({ learningRate: () => base, scale: batchesPerUpdate });
  const gradients = compiled("adaScaleGradients", (network: Network, batches: LabelledData) => {
    const each = vmap((batch: LabelledData) => grad((at: Network) => loss(at, batch))(network))(batches);
    const average = tree.map((g) => g.mean(0), each);
    return {
      average,
      meanSquare: square(each).div(batchesPerUpdate),
      squareOfMean: square(average),
      loss: vmap((batch: LabelledData) => loss(network, batch))(batches).mean(),
    };
  });
  const update = compiled(
    "adaScaleUpdate",
    (gradient: Network, state: MomentumState, network: Network, rate: Tensor) =>
      momentum({ learningRate: rate }).update(gradient, state, network),
  );
  const measure = compiled("adaScaleMeasure", (network: Network) => ({
    loss: loss(network, data.train),
    error: error(network, data.test),
  }));
  return {
    name: "adaScale",
    recipe: () => ({ adaScale: { base, batchesPerUpdate, steps } }),
    init: (network) => ({
      momentum: momentum().init(network),
      gain: rule.init(),
      ...{ updates: 0, isMeasured: false, loss: 0 },
    }),
    step(network, state) {
      if (state.gain.tau < steps) {
        const batches = batchesAt(data.train, random.foldIn(key, state.updates));
        const found = gradients(network, batches);
        const norms = { meanSquare: found.meanSquare.item(), squareOfMean: found.squareOfMean.item() };
        const next = rule.next(state.gain, norms);
        const rate = np.array(next.learningRate);
        const made = update(found.average as Network, state.momentum, network, rate);
        const now = found.loss.item();
        return {
          theta: made.theta as Network,
          state: {
            ...{ momentum: made.state as MomentumState, gain: next.state },
            ...{ updates: state.updates + 1, isMeasured: false, loss: now },
          },
          loss: now,
          metrics: { innerSteps: batchesPerUpdate, gain: next.gain },
        };
      }
      if (state.isMeasured) return { theta: network, state, loss: state.loss, metrics: { innerSteps: 0 } };
      const measured = measure(network);
      return {
        theta: network,
        state: { ...state, isMeasured: true },
        loss: state.loss,
        metrics: {
          innerSteps: 0,
          trainLoss: measured.loss.item(),
          testError: measured.error.item(),
        },
      };
    },
  };
}

function square(of: unknown): Tensor {
  return tree.leaves(of).reduce((sum, leaf) => sum.add(leaf.mul(leaf).sum()), np.zeros([]));
}

function batchesAt({ inputs, labels }: LabelledData, key: Tensor): LabelledData {
  const picks = random.randint(key, [batchesPerUpdate, tunedBatch], 0, labels.shape[0]!);
  return { inputs: np.take(inputs, picks, 0), labels: np.take(labels, picks, 0) };
}
