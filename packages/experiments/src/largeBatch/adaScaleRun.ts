/** AdaScale (Johnson et al. 2020) on the network of the large-batch study: ten batches of 50 per update. */
import {
  type LabelledData,
  type Network,
  type Tensor,
  type MomentumState,
  adaScale,
  compiled,
  grad,
  momentum,
  np,
  random,
  tree,
  vmap,
} from "unspool";
import { base, batchTraining, stepsOf, tunedBatch } from "./largeBatchStudy.ts";
import { mean } from "../shared/series.ts";
import type { GridOptions } from "../shared/trainedGrid.ts";

/** Batches per update, S. */
export const batchesPerUpdate = 10;

export interface AdaScaleRun {
  /** Means over seeds. */
  updates: number;
  trainLoss: number;
  testAccuracy: number;
  /** Gain of each update of the first seed. */
  gains: number[];
}

/** Trains until the schedule for single batches has done its steps; the schedule is a constant learning rate. */
export function adaScaleRuns({ data, key, seeds }: GridOptions): AdaScaleRun {
  const { problem, loss, error } = batchTraining<{ unused: Tensor }>(data, tunedBatch, () => momentum());
  const steps = stepsOf(tunedBatch);
  const gradients = compiled("adaScaleGradients", (network: Network, batches: LabelledData) => {
    const each = vmap((batch: LabelledData) => grad((at: Network) => loss(at, batch))(network))(batches);
    const average = tree.map((g) => g.mean(0), each);
    return { average, meanSquare: square(each).div(batchesPerUpdate), squareOfMean: square(average) };
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
  const runs = Array.from({ length: seeds }, (_, seed) => {
    const own = random.foldIn(key, seed);
    const rule = adaScale({ learningRate: () => base, scale: batchesPerUpdate });
    let gain = rule.init();
    let { network } = problem.init({ unused: np.zeros([]) }, own);
    let state: MomentumState = momentum().init(network);
    const gains: number[] = [];
    while (gain.tau < steps) {
      const found = gradients(network, batchesAt(data.train, random.foldIn(own, gains.length)));
      const norms = { meanSquare: found.meanSquare.item(), squareOfMean: found.squareOfMean.item() };
      const next = rule.next(gain, norms);
      ({ theta: network, state } = update(
        found.average as Network,
        state,
        network,
        np.array(next.learningRate),
      ));
      gain = next.state;
      gains.push(next.gain);
    }
    const measured = measure(network);
    return { gains, loss: measured.loss.item(), error: measured.error.item() };
  });
  return {
    updates: mean(runs.map(({ gains }) => gains.length)),
    trainLoss: mean(runs.map((run) => run.loss)),
    testAccuracy: 1 - mean(runs.map((run) => run.error)),
    gains: runs[0]!.gains,
  };
}

function square(of: unknown): Tensor {
  return tree.leaves(of).reduce((sum, leaf) => sum.add(leaf.mul(leaf).sum()), np.zeros([]));
}

function batchesAt({ inputs, labels }: LabelledData, key: Tensor): LabelledData {
  const picks = random.randint(key, [batchesPerUpdate, tunedBatch], 0, labels.shape[0]!);
  return { inputs: np.take(inputs, picks, 0), labels: np.take(labels, picks, 0) };
}
