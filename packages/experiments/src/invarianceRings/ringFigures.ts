/** Figures of one run on the ring toy. */
import { type EvidenceData, type Figure, type RunRecord, type Tensor, np } from "unspool";
import { metricOf } from "../shared/records.ts";
import { thin } from "../shared/series.ts";

const side = 49;
const reach = 1.4;

export function ringFigures(
  { metrics }: RunRecord,
  data: EvidenceData,
  probability: (points: Tensor) => Tensor,
): Figure[] {
  const records = thin(metrics, 250);
  const x = records.map(({ step }) => step);
  const measured = records.filter((record) => "logDetPosterior" in record);
  const isLearned = measured.some((record) => "eta.rotation" in record);
  return [
    decisionFigure(data, probability),
    ...(measured.length === 0
      ? []
      : [
          {
            id: "evidence",
            title: "Evidence over epochs",
            caption:
              "The logarithm of the evidence, and of the likelihood alone: what lies between is the price of the weights.",
            x: { label: "epoch" },
            y: { label: "nats", domain: [-160, 0] as [number, number] },
            series: [
              { name: "evidence", x: measured.map(({ step }) => step), y: measured.map(({ loss }) => -loss) },
              {
                name: "likelihood",
                x: measured.map(({ step }) => step),
                y: measured.map((record) => metricOf(record, "logLikelihood")),
              },
            ],
            references: [{ axis: "y" as const, value: -200 * Math.LN2, label: "guessing" }],
          },
        ]),
    ...(isLearned
      ? [
          {
            id: "range",
            title: "Range of rotations over epochs",
            caption: "Degrees to either side over which outputs are averaged. Data cover 120 degrees.",
            x: { label: "epoch" },
            y: { label: "degrees" },
            series: [
              {
                name: "learned",
                x,
                y: records.map((record) => 180 * Math.abs(metricOf(record, "eta.rotation"))),
              },
            ],
          },
        ]
      : []),
  ];
}

function decisionFigure({ inputs, targets }: EvidenceData, probability: (points: Tensor) => Tensor): Figure {
  const line = Array.from({ length: side }, (_, i) => -reach + (2 * reach * i) / (side - 1));
  const grid = np.array(
    line.flatMap((y) => line.map((x) => [x, y])),
    { dtype: "float32" },
  );
  const coordinates = (label: number, k: 0 | 1): number[] =>
    Array.from(targets.data, Number).flatMap((own, i) => (own === label ? [inputs.data[2 * i + k]!] : []));
  return {
    id: "decision",
    title: "Probability of the outer class",
    caption:
      "Where the network has learned to be invariant, what it knows of the sector with data holds beyond it (the illustration of the paper).",
    x: { label: "x", domain: [-reach, reach] },
    y: { label: "y", domain: [-reach, reach] },
    heatmap: { x: line, y: line, values: Array.from(probability(grid).data, Number), label: "probability" },
    series: [0, 1].map((label) => ({
      name: label === 0 ? "inner ring" : "outer ring and centre",
      kind: "dots" as const,
      x: coordinates(label, 0),
      y: coordinates(label, 1),
    })),
  };
}
