/** The method that fits a state: one outer step is a gradient of a task and a step of a rule, in one program. */
import { type Key, type Tensor, type Tree, np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import {
  type Json,
  type Method,
  type MethodStep,
  type StepMetrics,
  programFingerprint,
  requireFiniteLoss,
  requireFiniteMetrics,
  requireFiniteValues,
  shapes,
} from "../../methods/index.ts";
import { type Optimizer, allFinite } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { LossTarget, QuantumLoss } from "../tasks/quantumLoss.ts";
import type { QuantumTask } from "../tasks/quantumTask.ts";
import { type QuantumRule, requireRule } from "./quantumRule.ts";
import { stepRow } from "./stepRow.ts";

export interface QuantumDescentState {
  rule: Tree;
  /** Outer steps done. */
  steps: number;
}

export interface StepOutcome<Theta> {
  theta: Theta;
  rule: Tree;
  loss: Tensor;
  gradientNorm: Tensor;
  isFinite: Tensor;
  metrics: Record<string, Tensor>;
}

export type StepFunction<Theta> = (
  theta: Theta,
  rule: Tree,
  target: LossTarget,
  key: Key,
) => StepOutcome<Theta>;

/** One step of a rule down a loss, traced or not. */
export function stepFunction<Theta>(loss: QuantumLoss<Theta>, rule: QuantumRule): StepFunction<Theta> {
  return (theta, state, target, key) => {
    const { loss: value, gradient } = loss.evaluate(theta, target, random.foldIn(key, "estimate"));
    const frequencies = loss.frequencies(theta, random.foldIn(key, "rule"));
    const next = rule.update(gradient, state, theta, { model: loss.model, frequencies });
    const gradientNorm = tree.norm(gradient);
    const scalars = [value, gradientNorm].map((x) => np.isfinite(x) as Tensor);
    const isFinite = [...scalars, allFinite(next.theta), allFinite(next.state)].reduce(
      (all, one) => np.logicalAnd(all, one) as Tensor,
    );
    return {
      theta: next.theta,
      rule: next.state,
      loss: value,
      gradientNorm,
      isFinite,
      metrics: next.metrics,
    };
  };
}

/**
 * Fits the task's model by a rule (`qngd`, `qpmd`) or an optimizer. Loss and metrics are those of theta before the step:
 * `gradientNorm`, the rule's, `relativeEntropy` and `fidelity` (see `QuantumTaskOptions`). Throws `NonFiniteError` for a loss, a
 * gradient, a theta or a state of the rule that is not finite.
 *
 * @example
 * setup: (_, key) => ({ theta: model.init(key), method: quantumDescent(task, qpmd()), steps: 100 })
 */
export function quantumDescent<Theta>(
  task: QuantumTask<Theta>,
  given: QuantumRule | Optimizer,
): Method<Theta, QuantumDescentState> {
  const where = "quantumDescent";
  if (typeof task?.metricsAt !== "function")
    throw new OptionError(where, "the first argument", task, "a task of vqt or qmhl");
  const rule = requireRule(where, given);
  const { model, loss, target } = task;
  rule.requireModel?.(model);
  const once = stepFunction(loss, rule);
  const program = compiled(where, once);
  const row = stepRow(where, task, once);
  /** Steps up to the next whose fidelity is measured, which is taken alone. */
  const unmeasured = (done: number): number =>
    task.measureEvery === 0 ? Infinity : (task.measureEvery - (done % task.measureEvery)) % task.measureEvery;
  return {
    name: where,
    recipe: (theta, state) => ({
      model: { name: model.name, ...model.recipe },
      task: { name: task.name, ...loss.settings, measureEvery: task.measureEvery },
      rule: { name: rule.name, ...rule.recipe, state: shapes(state.rule) },
      // The target is closed over, so that another one is another program.
      step: fingerprint(
        (at: Theta, own: Tree, key: Key) => once(at, own, target.loss, key),
        [theta, state.rule, random.key(0)],
      ),
    }),
    init: (theta) => ({ rule: rule.init(theta), steps: 0 }),
    step(theta, state, key): MethodStep<Theta, QuantumDescentState> {
      const outcome = program(theta, state.rule, target.loss, key);
      requireFiniteOutcome(where, state.steps, outcome);
      return {
        theta: outcome.theta,
        state: { rule: outcome.rule, steps: state.steps + 1 },
        loss: outcome.loss.item(),
        metrics: stepMetrics(task, theta, state.steps, outcome),
      };
    },
    several: (theta, state, key, from, count) =>
      row(theta, state, key, from, Math.min(count, unmeasured(state.steps))),
  };
}

/** What a record has of a step from theta. */
export function stepMetrics<Theta>(
  task: QuantumTask<Theta>,
  theta: Theta,
  steps: number,
  { loss, gradientNorm, metrics }: StepOutcome<Theta>,
): StepMetrics {
  return {
    ...task.metricsAt(theta, steps, loss.item()),
    gradientNorm: gradientNorm.item(),
    ...Object.fromEntries(Object.entries(metrics).map(([name, x]) => [name, x.item()])),
  };
}

/** Throws `NonFiniteError` with the step at which it began. */
export function requireFiniteOutcome<Theta>(where: string, step: number, outcome: StepOutcome<Theta>): void {
  if (outcome.isFinite.item() === 1) return;
  const at = `${where}, outer step ${step}`;
  requireFiniteLoss(at, outcome.loss.item());
  requireFiniteMetrics(at, { gradientNorm: outcome.gradientNorm.item() });
  requireFiniteValues(at, "theta", outcome.theta);
  requireFiniteValues(at, "rule's state", outcome.rule, "ruleState");
}

/** The step as a program, with the numbers in it. */
export function fingerprint(
  once: (...args: never[]) => unknown,
  args: readonly unknown[],
): Record<string, Json> {
  try {
    const { program, numbers } = programFingerprint("quantumDescent", once, args);
    return { program, numbers };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return {};
  }
}
