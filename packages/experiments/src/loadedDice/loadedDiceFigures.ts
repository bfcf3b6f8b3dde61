/** Figures of the study of Loaded DiCE. */
import type { Figure } from "unspool";
import { type Study, type Swept, batches, sweepBatch, sweepNoise } from "./loadedDiceStudy.ts";

const orders = [1, 2, 3] as const;
const ordinals = { 1: "First", 2: "Second", 3: "Third" } as const;

export function studyFigures(study: Study): Figure[] {
  const floor = `A bias of ${(1 / Math.sqrt(study.trajectories / sweepBatch)).toFixed(2)} deviations cannot be told from 0.`;
  return [
    ...orders.map((order) => correlationFigure(study, order)),
    ...sweepFigures(study.decay, {
      id: "decay",
      label: "decay of dependencies (lambda)",
      setting: "tau 0, exact values",
      correlation:
        "The first derivative does not depend on the decay. A batch of this size may be better off with less than all " +
        "dependencies: a decay below 1 gives up what is small and noisy.",
      errors: `Lower decays save deviation, most at high orders, and cost bias (at third order not monotonically, as in the paper); at 1 there is none. ${floor} The decay figure of the paper.`,
    }),
    ...sweepFigures(study.tau, {
      id: "tau",
      label: "tau of advantages",
      setting: `decay 1, values wrong by a normal of deviation ${sweepNoise} per state`,
      correlation:
        "With wrong values tau 0 keeps their errors; tau 1 uses them as a baseline only, which costs no bias but " +
        "deviation.",
      errors: `Lower taus cost bias where values are wrong and save deviation. ${floor} The tau figure of the paper.`,
    }),
  ];
}

function correlationFigure({ correlations }: Study, order: 1 | 2 | 3): Figure {
  const captions = {
    1: "Without a baseline (DiCE) small batches say little of even the first derivative.",
    2:
      "Loaded DiCE with tau 0 tends to 1 first. LVC is good at small batches and stays where its bias puts it. " +
      "Baselines are what makes the second order usable.",
    3:
      "Higher orders need larger batches. How far LVC comes depends on how much of the third derivative lies within the " +
      "state of the first logit: from .5 to nearly 1 in other random MDPs.",
  };
  return {
    id: `correlation-${order}`,
    title: `${ordinals[order]} derivatives: correlation with the exact ones`,
    caption: `${captions[order]} Mean over batches; derivatives are those along the first logit. The correlation figure of the paper.`,
    x: { label: "trajectories per batch", scale: "log" },
    y: { label: "correlation over 20 entries", domain: [-0.2, 1.05] },
    series: correlations.map(({ name, byBatch }) => ({
      name,
      x: [...batches],
      y: byBatch.map((byOrder) => byOrder[order - 1]!.mean),
    })),
    references: [{ axis: "y", value: 1, label: "exact" }],
  };
}

interface SweepTexts {
  id: string;
  label: string;
  setting: string;
  correlation: string;
  errors: string;
}

function sweepFigures(swept: readonly Swept[], texts: SweepTexts): Figure[] {
  const x = swept.map(({ value }) => value);
  const conditions = `${sweepBatch} trajectories, ${texts.setting}`;
  return [
    {
      id: `${texts.id}-correlation`,
      title: `Correlation by ${texts.label}`,
      caption: `${conditions[0]!.toUpperCase()}${conditions.slice(1)}. ${texts.correlation}`,
      x: { label: texts.label },
      y: { label: "correlation over 20 entries", domain: [-0.2, 1.05] },
      series: orders.map((order) => ({
        name: `order ${order}`,
        x,
        y: swept.map(({ correlation }) => correlation[order - 1]!.mean),
      })),
    },
    {
      id: `${texts.id}-errors`,
      title: `Bias and deviation by ${texts.label}`,
      caption: `${conditions}. ${texts.errors}`,
      x: { label: texts.label },
      y: { label: "relative to the exact entries' size", scale: "log" },
      series: (["bias", "deviation"] as const).flatMap((what) =>
        orders.map((order) => ({
          name: `${what}, order ${order}`,
          x,
          y: swept.map(({ errors }) => errors[order - 1]![what]),
        })),
      ),
    },
  ];
}
