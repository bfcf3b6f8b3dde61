/** Thermal states from high to low temperature, each from the one before it or from a new start. */
import { type Study, defineStudy } from "unspool";
import { z } from "zod";
import {
  sequenceCells,
  sequenceFigure,
  sequenceResults,
  studyFields,
} from "../quantumThermal/sequenceStudy.ts";

const config = z.strictObject({ ...studyFields });
type Config = z.infer<typeof config>;

export const quantumImaginaryTime: Study = defineStudy<Config>({
  name: "quantum-imaginary-time",
  summary: "thermal states as the temperature falls, each from the one before it or from a new start",
  paper: "Sbahi et al. (2022), meta-initialisation along imaginary time, at four qubits",
  config,
  cells: (settings, seed) => sequenceCells("imaginary", settings, seed),
  summarise(results, settings) {
    const ended = sequenceResults(results, settings);
    const { betas } = settings;
    return {
      metrics: Object.fromEntries(
        ended.map(({ method, start, relativeEntropy }) => [`${method} ${start}`, relativeEntropy]),
      ),
      tables: [
        {
          title: `Relative entropy after ${settings.stepsPerState} outer steps on each temperature, means over starts`,
          columns: ["method", "start", ...betas.map((beta) => `β = ${beta}`)],
          rows: ended.map(({ method, start, relativeEntropies }) => [
            method,
            start,
            ...relativeEntropies.map((value) => Number(value.toPrecision(3))),
          ]),
        },
      ],
      figures:
        ended.length === 0
          ? []
          : [
              sequenceFigure(
                {
                  id: "cooling",
                  title: "Relative entropy from each thermal state, as the temperature falls",
                  caption: `The first state has ${settings.initSteps} outer steps, each later one ${settings.stepsPerState}. A warm start keeps parameters and the optimizer's state.`,
                  x: { label: "inverse temperature β" },
                  y: { label: "relative entropy", scale: "log" },
                },
                betas,
                ended,
                ({ relativeEntropies }) => relativeEntropies,
              ),
            ],
    };
  },
}) as Study;
