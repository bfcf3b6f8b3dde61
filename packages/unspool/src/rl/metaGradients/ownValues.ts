/**
 * The baseline that most actor-critics use: the values that the agent has learned. They depend on its past data, so
 * with a sampling correction the meta-gradient is biased (the "advantage" experiment of Vuorio et al., 2209.11303).
 */
import { OptionError } from "../../errors.ts";
import type { LearningTask } from "../environments/learningTask.ts";
import type { BaselineFunction } from "./metaGradientOptions.ts";

/** The agent's own values of the states that it visits, as a baseline for `metaGradient`. */
export function ownValues<Eta, Agent, World, Data>(
  task: LearningTask<Eta, Agent, World, Data>,
): BaselineFunction {
  const { values } = task;
  if (values === undefined) throw new OptionError("ownValues", "task", task.name, "a task with `values`");
  return ({ agent, data }) => values(agent as Agent, data as Data);
}
