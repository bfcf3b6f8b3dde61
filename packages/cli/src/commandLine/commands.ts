/** The commands and their options as data: parsing, help and "did you mean" all read this table. */
import { ownQueue, queue, store, workerOptions } from "./queueOptions.ts";

export interface OptionSpec {
  /** Shown after the option's name; absent for a flag. */
  value?: string;
  help: string;
  short?: string;
  /** May be given several times. */
  isRepeatable?: boolean;
}

export interface PositionalSpec {
  name: string;
  help: string;
  isRepeatable?: boolean;
}

export interface CommandSpec {
  name: CommandName;
  summary: string;
  positional?: PositionalSpec;
  options: Readonly<Record<string, OptionSpec>>;
  examples: readonly string[];
}

export type CommandName =
  | "list"
  | "run"
  | "sweep"
  | "resume"
  | "compare"
  | "diagnose"
  | "analyse"
  | "explain"
  | "report"
  | "worker"
  | "workers"
  | "doctor";

const json: OptionSpec = { help: "one JSON object a line on stdout and nothing else" };

const checkpointEvery: OptionSpec = {
  value: "SECONDS",
  help: "how often a checkpoint is written while the run goes on (default 10, and after each slow step)",
};

const experiment: PositionalSpec = {
  name: "EXPERIMENT",
  help: "a name from `unspool list`, or a file whose default export is an experiment",
};

const runnable: PositionalSpec = {
  name: "NAME",
  help: "an experiment or a study from `unspool list`, or a file whose default export is one",
};

const set: OptionSpec = {
  value: "PATH=VALUE",
  help: "set a config value, such as --set estimator=tbptt --set task.lr=0.1; may be repeated",
  isRepeatable: true,
};

const seed: OptionSpec = { value: "N", help: "seed of every random number of the run (default 0)" };

const threads: OptionSpec = {
  value: "N",
  help: "threads that share the units of an outer step; the result is the same (default 1)",
};

const portableBits: OptionSpec = {
  help: "no fused multiply-adds: the same bits on every machine, 20 to 45 % slower",
};

const engine: OptionSpec = {
  value: "NAME",
  help: "compiled (default), or reference: the same through jax-js, slowly",
};

const experimentOption: OptionSpec = {
  value: "FILE",
  help: "the run's experiment, where it is a file: code is run only if it is named here, never because a folder names it",
};

const jobs: OptionSpec = {
  value: "N",
  help: "of a study: so many cells at once, each in a process of its own; the bits are the same (default 1)",
};

const cell: OptionSpec = {
  value: "ID",
  help: "of a study: run this cell only; may be repeated. Other processes can take others",
  isRepeatable: true,
};

const shards: OptionSpec = {
  value: "N",
  help: "of a single run, with --queue: its units are divided into so many shards, which workers compute; the bits are the same",
};

/** Options of every command, and of the command line without a command. */
export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  help: { help: "show this help", short: "h" },
  version: { help: "show the version", short: "v" },
};

export const commands: readonly CommandSpec[] = [
  {
    name: "list",
    summary: "List the experiments and studies that can be run by name",
    options: { json, ...commonOptions },
    examples: ["unspool list", "unspool list --json"],
  },
  {
    name: "run",
    summary: "Run an experiment or a study by name, or one from a TypeScript file",
    positional: runnable,
    options: {
      set,
      seed,
      steps: { value: "N", help: "outer steps, also of its schedules (default: the experiment's own)" },
      threads,
      "portable-bits": portableBits,
      engine,
      out: {
        value: "DIR",
        help: "folder of the run, which must not hold one yet (default runs/NAME-DATE-TIME)",
      },
      "checkpoint-every": checkpointEvery,
      jobs,
      queue,
      shards,
      store,
      cell,
      json,
      ...commonOptions,
    },
    examples: [
      "unspool run influence-balancing --help        shows what can be set in it",
      "unspool run influence-balancing --set estimator=tbptt --seed 1",
      "unspool run ./myExperiment.ts --steps 200 --out runs/first",
      "unspool run neuron-descent --jobs 2           a study: its cells are runs of their own",
    ],
  },
  {
    name: "sweep",
    summary: "Run an experiment with several settings over the same seeds, and rank the settings",
    positional: experiment,
    options: {
      set: {
        value: "PATH=A,B,…",
        help:
          "values to try, such as --set learningRate=0.01,0.1 --set estimator=pes,nres: all combinations are run. A " +
          "list is written in brackets, --set 'layers=[32,16],[64]'; one value alone is set in all runs; may be repeated",
        isRepeatable: true,
      },
      seeds: { value: "A..B", help: "seeds of each setting, such as 0..4 or 0,3,7 (default 0..2)" },
      trials: {
        value: "N",
        help:
          "draw so many settings instead of all combinations: from values, or from ranges, which are written " +
          "--set 'learningRate=log(1e-4,1)', uniform(0,1) or int(1,8)",
      },
      search: {
        value: "METHOD",
        help:
          "choose the settings of --trials by what the ones before came to: tpe, bayesianOptimization (gp), cmaEs or any other " +
          "search of docs/search.md",
      },
      batch: {
        value: "N",
        help: "of --search: settings that are tried at once (default: as the method has it)",
      },
      "draw-seed": { value: "N", help: "seed of the draws of --trials and of --search (default 0)" },
      halving: {
        help:
          "run all settings for a few outer steps first; the best 1/eta of them go on from their checkpoints, eta times as " +
          "far, and so on to all steps",
      },
      eta: { value: "N", help: "of --halving: one of so many settings goes on (default 3)" },
      "min-steps": {
        value: "N",
        help: "of --halving: outer steps of the first rung (default: so few that the last rung leaves one setting)",
      },
      steps: {
        value: "N",
        help: "outer steps of every run, also of its schedules (default: the experiment's own)",
      },
      by: {
        value: "METRIC",
        help:
          "what settings are ranked by: a metric of the evaluation, or a number of the outer steps, whose last tenth is " +
          "averaged (default loss)",
      },
      maximise: { help: "the greatest is the best; otherwise the smallest is" },
      jobs: {
        ...jobs,
        help: "so many runs at once, each in a process of its own; the bits are the same (default 1)",
      },
      queue,
      store,
      threads,
      "portable-bits": portableBits,
      engine,
      out: {
        value: "DIR",
        help:
          "folder of the sweep; one that holds it already is gone on with, also with further seeds and values: only what " +
          "is new is run (default runs/NAME-sweep-DATE-TIME)",
      },
      "checkpoint-every": checkpointEvery,
      json,
      ...commonOptions,
    },
    examples: [
      "unspool sweep toy-regression --set estimator=pes,nres --set learningRate=0.01,0.03 --seeds 0..4 --jobs 2",
      "unspool sweep toy-regression --trials 20 --set 'learningRate=log(1e-3,0.1)' --seeds 0..2 --out runs/rates",
      "unspool sweep toy-regression --trials 30 --search tpe --set 'learningRate=log(1e-3,0.1)' --set estimator=pes,nres",
      "unspool sweep toy-regression --halving --set learningRate=0.003,0.01,0.03,0.1 --set estimator=pes,nres",
      "unspool sweep ./myExperiment.ts --seeds 0..9          one setting, ten seeds: mean and band",
    ],
  },
  {
    name: "resume",
    summary: "Continue a run or a study that was interrupted, or run a finished run for longer",
    positional: { name: "DIR", help: "folder of the run or the study" },
    options: {
      steps: { value: "N", help: "outer steps in total, counted from the run's start" },
      threads: {
        ...threads,
        help: "threads that share the units; the result is the same (default: as before)",
      },
      experiment: experimentOption,
      "checkpoint-every": checkpointEvery,
      jobs,
      queue,
      shards,
      store,
      cell,
      force: {
        help: "go on although engine, experiment or recipe are not those of the run: with other bits",
      },
      json,
      ...commonOptions,
    },
    examples: [
      "unspool resume runs/first",
      "unspool resume runs/first --steps 500",
      "unspool resume runs/mine --experiment ./myExperiment.ts",
    ],
  },
  {
    name: "compare",
    summary: "Measure bias, variance and cost of estimators on an experiment's inner problem",
    positional: experiment,
    options: {
      estimators: {
        value: "A,B,…",
        help:
          "names or aliases of estimators (default: all that the problem allows); with a search among them, how far " +
          "each gets with the same inner steps is measured too",
      },
      budget: {
        value: "inner-steps=N",
        help:
          "inner steps that each may spend (default: 32 trajectories of all particles; for progress, what the " +
          "experiment's own run takes)",
      },
      seeds: { value: "N", help: "runs of each whose progress is measured (default 3)" },
      truncations: {
        value: "K,L,…",
        help: "windows at which the comparison is repeated (default: a few divisors of the horizon)",
      },
      horizon: {
        value: "N",
        help: "steps of a trajectory (default: the problem's, or 500 if that has no end)",
      },
      reference: {
        value: "NAME",
        help: "auto (default), bptt in float64, or fullEs with many pairs",
      },
      set,
      seed,
      threads,
      "portable-bits": portableBits,
      out: { value: "FILE", help: "the page with tables and figures (default runs/compare-NAME.html)" },
      json,
      ...commonOptions,
    },
    examples: [
      "unspool compare influence-balancing --estimators pes,nres,tes,tbptt,rtrl,uoro",
      "unspool compare toy-regression --set 'theta=[1,1]' --estimators pes,es,bptt --budget inner-steps=1e6",
      "unspool compare toy-regression --estimators pes,cmaEs,nelderMead --budget inner-steps=1e6",
    ],
  },
  {
    name: "diagnose",
    summary: "Say whether backpropagation can be trusted on a problem, and which estimator to use",
    positional: experiment,
    options: {
      budget: {
        value: "inner-steps=N",
        help: "inner steps of each trial run (default: what the experiment's own run takes)",
      },
      set,
      seed,
      threads,
      "portable-bits": portableBits,
      out: { value: "FILE", help: "the page with the evidence (default runs/diagnose-NAME.html)" },
      json,
      ...commonOptions,
    },
    examples: ["unspool diagnose toy-regression", "unspool diagnose ./problem.ts --json"],
  },
  {
    name: "analyse",
    summary: "Take the learned optimizer of a run apart: momentum, clipping, schedule, adaptation",
    positional: { name: "DIR", help: "folder of a run that trained a componentwise learned optimizer" },
    options: {
      experiment: experimentOption,
      tasks: { value: "N", help: "training runs whose states and gradients are looked at (default 16)" },
      out: { value: "FILE", help: "the page with the figures (default analysis.html in the run's folder)" },
      json,
      ...commonOptions,
    },
    examples: ["unspool analyse runs/learned", "unspool analyse runs/learned --json"],
  },
  {
    name: "explain",
    summary: "Show the program that an experiment is compiled to: kernels, memory, work, speed",
    positional: experiment,
    options: { set, seed, threads, "portable-bits": portableBits, json, ...commonOptions },
    examples: [
      "unspool explain toy-regression",
      "unspool explain mnist-schedule --set estimator=nres --threads 2",
    ],
  },
  {
    name: "report",
    summary: "Write a run's report again, or one report of several runs side by side",
    positional: { name: "DIR", help: "folder of a run or a study", isRepeatable: true },
    options: {
      out: {
        value: "FILE",
        help: "where to write (default: report.html in the run's folder; for several runs in the present folder)",
      },
      json,
      ...commonOptions,
    },
    examples: ["unspool report runs/first", "unspool report runs/pes runs/tbptt --out compare.html"],
  },
  {
    name: "worker",
    summary: "Run cells of studies for others, as a queue on Redis hands them out",
    options: {
      queue: ownQueue,
      jobs: { value: "N", help: "cells at once, each in a process of its own (default 1)" },
      files: {
        value: "DIR",
        help: "serve studies from files in this folder too, where file and imports are the same (default: named studies only)",
      },
      threads: { ...threads, help: "threads of each cell; the result is the same (default 1)" },
      "portable-bits": { help: "serve studies that were started with --portable-bits, and only them" },
      ...workerOptions,
      json,
      ...commonOptions,
    },
    examples: ["unspool worker --queue redis://10.0.0.1:6379 --jobs 4"],
  },
  {
    name: "workers",
    summary: "Who works for a queue, at what and how fast, and what waits",
    options: {
      queue: ownQueue,
      json,
      ...commonOptions,
    },
    examples: ["unspool workers --queue redis://10.0.0.1:6379"],
  },
  {
    name: "doctor",
    summary:
      "Check this machine, and a queue's server and workers; exit code 1 where something has to be mended",
    options: {
      queue: {
        ...queue,
        help: "check this queue too (default: the one in UNSPOOL_QUEUE): reachable, settings, memory, clocks, workers",
      },
      "portable-bits": portableBits,
      json,
      ...commonOptions,
    },
    examples: ["unspool doctor", "unspool doctor --queue redis://10.0.0.1:6379"],
  },
];
