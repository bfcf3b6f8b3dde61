/** Whether what plays episodes in plain code is an environment and a policy of that kind, before anything is played. */
import { OptionError, show } from "../../errors.ts";
import type { SimulatedPolicy } from "./playSimulated.ts";
import type { SimulatedEnvironment } from "./simulatedEnvironment.ts";

export interface EnvironmentAndPolicy {
  environment: SimulatedEnvironment;
  policy: SimulatedPolicy;
}

/** Throws `OptionError` for anything but `{ environment, policy }`, both in plain code; `what` says whose they are. */
export function requireSimulatorPlayer(where: string, what: string, given: unknown): EnvironmentAndPolicy {
  const { environment, policy } = (given ?? {}) as Partial<EnvironmentAndPolicy>;
  if (environment === undefined || policy === undefined)
    throw new OptionError(where, what, given, "{ environment, policy }");
  const { isTraceable } = (environment ?? {}) as { isTraceable?: unknown };
  if (isTraceable === true)
    throw new OptionError(
      where,
      `the environment of ${what}`,
      environment,
      "a simulator in plain code",
      `"${environment.name}" is traced, and needs no threads: give it to zoac or environmentLoss as it is.`,
    );
  if (isTraceable !== false || typeof environment.create !== "function")
    throw new OptionError(
      where,
      `the environment of ${what}`,
      environment,
      "a simulator in plain code",
      "Make one by simulatedEnvironment.",
    );
  const { name, size, act } = (policy ?? {}) as Partial<SimulatedPolicy>;
  const wrong =
    typeof name !== "string"
      ? `its name is ${show(name)}`
      : typeof act !== "function"
        ? `its act is ${show(act)}`
        : !Number.isInteger(size) || size! < 1
          ? `its size is ${show(size)}`
          : undefined;
  if (wrong !== undefined)
    throw new OptionError(
      where,
      `the policy of ${what}`,
      policy,
      "a policy in plain code: its name, size (numbers of theta) and act(theta, observation, action, random)",
      `Here ${wrong}.`,
    );
  return { environment, policy };
}
