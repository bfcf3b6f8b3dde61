/** What the experiment makes of its config. */
import { random } from "unspool";
import { expect, test } from "vitest";
import { mnistSchedule } from "./mnistSchedule.ts";

test("the final loss is followed by what an estimator's entry names for it", async () => {
  const names = async (estimator: string) => {
    const config = mnistSchedule.config.parse({ estimator, objective: "final-loss", pairs: 1 });
    return (await mnistSchedule.setup(config, random.key(0))).estimator!.name;
  };
  for (const estimator of ["pes", "telescopingPes", "fullEs", "es"])
    expect(await names(estimator)).toBe("telescopingPes");
  await expect(names("nres")).rejects.toThrow(
    /estimator must be one of fullEs, pes, telescopingPes where objective is "final-loss", got "nres"/,
  );
});
