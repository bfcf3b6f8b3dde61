/** Policies with a density as what acts in an environment: by a draw, or by their most likely action. */
import { OptionError, requireOneOf } from "../../errors.ts";
import type { DesignPolicy } from "../design/policies/policy.ts";
import type { Policy } from "../environments/environment.ts";
import type { Space } from "../environments/space.ts";

/** "sample": as it is trained; "mode": its most likely action, for evaluations. Default "sample". */
export function randomPolicy<Theta>(
  { actionSpace }: { readonly actionSpace: Space },
  policy: DesignPolicy<Theta>,
  by: "sample" | "mode" = "sample",
): Policy<Theta> {
  const where = "randomPolicy";
  requireOneOf(where, "by", by, ["sample", "mode"]);
  if (policy.isDiscrete !== (actionSpace.kind === "discrete"))
    throw new OptionError(
      where,
      "policy",
      policy.name,
      actionSpace.kind === "discrete" ? "one of numbered actions" : "one of vectors",
    );
  const { mode } = policy;
  if (by === "mode" && mode === undefined)
    throw new OptionError(where, "policy", policy.name, "one that has a mode");
  return {
    name: by === "mode" ? `${policy.name}, its mode` : policy.name,
    init: (key) => policy.init(key),
    act: (theta, observation, key) =>
      by === "mode" ? mode!(theta, observation) : policy.sample(theta, observation, key),
  };
}
