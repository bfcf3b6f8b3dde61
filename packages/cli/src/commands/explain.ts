/** `unspool explain`: the programs that an experiment's outer step is compiled to, and what they cost. */
import { random } from "unspool";
import {
  type ProgramExplanation,
  type ProgramMeasurement,
  type CompiledReverseProgram,
  type TimedProgram,
  type UnitProgram,
  explainProgram,
  measureProgram,
  peakMeter,
} from "unspool/engine";
import { configureExecutor } from "unspool/unroll";
import { initTraining, setUp, trainSteps } from "unspool/train";
import { type CommandLine, integerOption } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import { explanationLines } from "../output/explanation.ts";
import type { Reporter } from "../output/reporter.ts";
import { engineSettings } from "./engineOptions.ts";
import { preparedExperiment } from "./prepare.ts";

/** Outer steps that are taken first: enough for every program of the loop to be compiled and in use. */
const outerSteps = 3;

interface Compiled extends TimedProgram {
  readonly program: UnitProgram | CompiledReverseProgram;
}

export async function explainCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const seed = integerOption(line, "seed", 0) ?? 0;
  const settings = engineSettings(line);
  const { experiment, parsed } = await preparedExperiment(line);
  const compiled: Compiled[] = [];
  configureExecutor({ ...settings, onCompile: (runner) => void compiled.push(runner) });

  const key = random.key(seed);
  const setup = await setUp(experiment, parsed, random.foldIn(key, "setup"));
  let state = initTraining(setup, key);
  for (let step = 0; step < outerSteps; step++) state = trainSteps(setup, state, 1).state;

  const measurePeak = peakMeter({ fma: settings.portableBits !== true });
  const programs = compiled.map((runner) => {
    const explanation = explainProgram(runner.program);
    return { ...explanation, measured: measureProgram(runner, explanation, measurePeak()) };
  });
  reporter.answer(textOf(experiment.name, programs), {
    event: "explain",
    experiment: experiment.name,
    config: parsed,
    programs,
  });
  return exitCodes.done;
}

function textOf(
  name: string,
  programs: readonly (ProgramExplanation & { measured: ProgramMeasurement })[],
): string[] {
  if (programs.length === 0) return [`${name}: its outer step compiles no program.`];
  return programs.flatMap((program, i) => [
    ...(i === 0 ? [] : ["", "─".repeat(60), ""]),
    ...explanationLines(program, program.measured),
  ]);
}
