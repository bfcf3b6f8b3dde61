/** The figures of compressed and rare exchanges: loss against bytes, and against rounds. */
import type { Figure, Series } from "unspool";
import type { TrainedRun } from "./gradientCompressionStudy.ts";
import { mean } from "./series.ts";

/** Steps that are averaged for one point of a curve: losses on small batches jump. */
const pointSteps = 20;

/** Loss over the bytes that one worker has sent so far. */
export function bytesFigure(runs: readonly TrainedRun[], hasFeedback: boolean): Figure {
  return {
    id: hasFeedback ? "bytes-with-feedback" : "bytes-without-feedback",
    title: `Loss against bytes sent, ${hasFeedback ? "with" : "without"} error feedback`,
    caption: hasFeedback
      ? "What a message leaves out is added to the next: the compressors reach the loss of whole gradients (noCompression) " +
        "with a tenth to a hundredth of the bytes. The comparison of EF-signSGD (Karimireddy et al. 2019) and of deep " +
        "gradient compression (Lin et al. 2018)."
      : "The same messages, and what they leave out is lost: biased compressors (topK, scaledSign, powerSgd) stop high; " +
        "unbiased ones (qsgd, ternGrad, naturalCompression) need no memory and pay with noise. Majority vote has a " +
        "learning rate of its own, deep gradient compression a memory of its own.",
    x: { label: "bytes sent by each worker", scale: "log" },
    y: { label: "training loss (mean of 20 batches)", scale: "log" },
    series: runs.map((run) => curve(run, (step) => step * run.bytesPerStep)),
  };
}

/** Loss over exchanges of parameters, H local steps each. */
export function roundsFigure(runs: readonly TrainedRun[], localSteps: readonly number[]): Figure {
  return {
    id: "local-rounds",
    title: "Loss against rounds of communication, local SGD",
    caption:
      "H steps of each worker between averages. A round is worth more the more steps it ends; what is lost shows at the " +
      "end of the curves. As in Stich (ICLR 2019) and Lin et al. (ICLR 2020).",
    x: { label: "rounds of communication", scale: "log" },
    y: { label: "training loss at the mean of workers (20 batches)", scale: "log" },
    series: runs.map((run, i) => curve(run, (step) => step / localSteps[i]!)),
  };
}

function curve(run: TrainedRun, at: (step: number) => number): Series {
  const points = Math.max(1, Math.floor(run.curve.length / pointSteps));
  const width = Math.min(pointSteps, run.curve.length);
  const ends = Array.from({ length: points }, (_, i) => (i + 1) * width);
  const y = ends.map((end) => mean(run.curve.slice(end - width, end)));
  return { name: run.label.replace(", error feedback", ""), x: ends.map(at), y };
}
