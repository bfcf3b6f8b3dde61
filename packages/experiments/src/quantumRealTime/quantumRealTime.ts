/** A thermal state that evolves in time: the model's own state is pushed through a Trotter step and fitted, again and again. */
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

export const quantumRealTime: Study = defineStudy<Config>({
  name: "quantum-real-time",
  summary: "a thermal state that evolves in time, learned step by step from the model's own states",
  paper: "Sbahi et al. (2022), recursive learning along real time, at four qubits",
  config,
  cells: (settings, seed) => sequenceCells("real", settings, seed),
  summarise(results, settings) {
    const ended = sequenceResults(results, settings);
    const { totalTime, timeSteps } = settings;
    const times = Array.from({ length: timeSteps + 1 }, (_, k) => (totalTime * k) / timeSteps);
    return {
      metrics: Object.fromEntries(
        ended.map(({ method, start, fidelity }) => [`${method} ${start}`, fidelity]),
      ),
      tables: [
        {
          title: `At time ${totalTime}, after ${timeSteps} steps of time with ${settings.stepsPerState} outer steps each`,
          columns: ["method", "start", "fidelity", "relative entropy"],
          rows: ended.map(({ method, start, fidelity, relativeEntropy }) => [
            method,
            start,
            Number(fidelity.toPrecision(4)),
            Number(relativeEntropy.toPrecision(3)),
          ]),
        },
      ],
      figures:
        ended.length === 0
          ? []
          : [
              sequenceFigure(
                {
                  id: "evolution",
                  title: "Fidelity to the true state as time goes on",
                  caption:
                    "The true state is the thermal state at β = 1, evolved by the same Trotter steps. Each state is fitted to the model's own state before it, one step of time later, so that errors add up.",
                  x: { label: "time" },
                  y: { label: "fidelity", domain: [0, 1] },
                },
                times,
                ended,
                ({ fidelities }) => fidelities,
              ),
            ],
    };
  },
}) as Study;
