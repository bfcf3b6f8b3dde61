/**
 * Fits a sequence of states, each from where the one before ended: parameters and the rule's state are kept (warm start), or
 * both begin anew. A target may be made of the state that was reached before it, as time evolution's is.
 */
import { type Key, type Tree, np, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireRecord } from "../../errors.ts";
import { type Method, type MethodStep, shapes } from "../../methods/index.ts";
import type { Optimizer } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { ComplexPair } from "../hermitian/index.ts";
import type { QuantumModel } from "../models/quantumModel.ts";
import type { QuantumLoss } from "../tasks/quantumLoss.ts";
import type { QuantumTask } from "../tasks/quantumTask.ts";
import { type StepFunction, requireFiniteOutcome, stepFunction, stepMetrics } from "./quantumDescent.ts";
import { type QuantumRule, requireRule } from "./quantumRule.ts";

/** A task, or what makes it of the model's state at the end of the task before. Pure, and of one model for all. */
export type SequenceTarget<Theta> = QuantumTask<Theta> | ((previous: ComplexPair) => QuantumTask<Theta>);

export interface StateSequenceOptions<Theta> {
  /** Of all tasks. */
  model: QuantumModel<Theta>;
  /** The states, in order. */
  targets: readonly SequenceTarget<Theta>[];
  /** What moves the parameters: `qngd`, `qpmd` or an optimizer. */
  rule: QuantumRule | Optimizer;
  /** Outer steps on the first. Default 1000. */
  initSteps?: number;
  /** Outer steps on each after it. Default 100. */
  steps?: number;
  /** Go on from the solution and the rule's state before; else from new parameters and a new state. Default true. */
  isWarmStart?: boolean;
}

export interface StateSequenceState {
  rule: Tree;
  /** Outer steps done. */
  steps: number;
  /** The model's state at the end of the task before; zeros in the first. */
  previous: ComplexPair;
}

/**
 * The method, with the number of its `steps`. Its metrics are those of `quantumDescent` and `target`, the index of the state that is fitted. Throws
 * `OptionError` for a task of another model, and `NonFiniteError` as `quantumDescent` does.
 */
export function stateSequence<Theta>(
  options: StateSequenceOptions<Theta>,
): Method<Theta, StateSequenceState> & { readonly steps: number } {
  const where = "stateSequence";
  requireRecord(where, options, ["model"]);
  requireKnownOptions(where, options, ["model", "targets", "rule", "initSteps", "steps", "isWarmStart"]);
  const { model, targets, initSteps = 1000, steps = 100, isWarmStart = true } = options;
  if (typeof model?.freeEnergy !== "function")
    throw new OptionError(
      where,
      "model",
      model,
      "a model of qhbm or qbm",
      "Give the one that its tasks have.",
    );
  const rule = requireRule(where, options.rule);
  rule.requireModel?.(model);
  if (!Array.isArray(targets) || targets.length === 0)
    throw new OptionError(
      where,
      "targets",
      targets,
      "a list of tasks of vqt and qmhl, or functions that make them",
    );
  if (typeof targets[0] === "function")
    throw new OptionError(where, "targets[0]", targets[0], "a task: no state comes before it");
  requireInteger(where, "initSteps", initSteps, 1);
  requireInteger(where, "steps", steps, 1);
  const size = 2 ** model.qubits;
  const compiledModel = compiled(where, (theta: Theta) => model.state(theta));
  const programs = new Map<QuantumLoss<Theta>, StepFunction<Theta>>();
  const programOf = (loss: QuantumLoss<Theta>): StepFunction<Theta> => {
    const program = programs.get(loss) ?? compiled(where, stepFunction(loss, rule));
    programs.set(loss, program);
    return program;
  };
  /** Tasks that were made, by what they were made of: that of a state out of a checkpoint is made again. */
  const made = new WeakMap<object, QuantumTask<Theta>>();
  const taskAt = (index: number, previous: ComplexPair): QuantumTask<Theta> => {
    const target = targets[index] as SequenceTarget<Theta>;
    const task = typeof target === "function" ? (made.get(previous.re) ?? target(previous)) : target;
    if (typeof target === "function") made.set(previous.re, task);
    if (task?.model === model) return task;
    throw new OptionError(
      where,
      `targets[${index}]`,
      task?.model?.name,
      "a task of the model of the sequence",
    );
  };
  const indexAt = (done: number): number =>
    Math.min(targets.length - 1, done < initSteps ? 0 : 1 + Math.floor((done - initSteps) / steps));
  /** The first step on a state that is not the first of all. */
  const isFirst = (done: number): boolean => done > 0 && indexAt(done) !== indexAt(done - 1);

  return {
    name: where,
    steps: initSteps + (targets.length - 1) * steps,
    recipe: (_theta, state) => ({
      model: { name: model.name, ...model.recipe },
      sequence: { initSteps, steps, isWarmStart },
      // The losses at the targets themselves tell Hamiltonians, temperatures and states apart.
      targets: (targets as readonly SequenceTarget<Theta>[]).map((target) =>
        typeof target === "function" ? "made of the state before" : target.target.floor,
      ),
      rule: { name: rule.name, ...rule.recipe, state: shapes(state.rule) },
    }),
    init: (theta) => ({
      rule: rule.init(theta),
      steps: 0,
      previous: { re: zeros(size), im: zeros(size) },
    }),
    step(given, state, key): MethodStep<Theta, StateSequenceState> {
      const start = isFirst(state.steps) ? begun(given, key) : undefined;
      const theta = start?.theta ?? given;
      const previous = start?.previous ?? state.previous;
      const index = indexAt(state.steps);
      const task = taskAt(index, previous);
      const outcome = programOf(task.loss)(theta, start?.rule ?? state.rule, task.target.loss, key);
      requireFiniteOutcome(where, state.steps, outcome);
      return {
        theta: outcome.theta,
        state: { rule: outcome.rule, steps: state.steps + 1, previous },
        loss: outcome.loss.item(),
        metrics: { ...stepMetrics(task, theta, state.steps, outcome), target: index },
      };
    },
  };

  /** Where the next state begins. */
  function begun(theta: Theta, key: Key): { theta: Theta; rule?: Tree; previous: ComplexPair } {
    const previous = compiledModel(theta);
    if (isWarmStart) return { theta, previous };
    const fresh = model.init(random.foldIn(key, "start"));
    return { theta: fresh, rule: rule.init(fresh), previous };
  }
}

const zeros = (size: number) => np.zeros([size, size], { dtype: "float64" });
