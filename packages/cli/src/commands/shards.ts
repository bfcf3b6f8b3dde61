/** `--queue URL --shards N` of a run: its units are computed by the workers of a queue. */
import { basename } from "node:path";
import type { CreateStepper, Origin } from "unspool/train";
import { type CommandLine, integerOption } from "../commandLine/parse.ts";
import { UsageError } from "../failure.ts";
import { capability } from "./capability.ts";
import type { EngineRecord } from "./engineOptions.ts";
import { queueOption, storeOption } from "./queueOption.ts";

/** Undefined without `--shards`: then this process computes. */
export async function stepperOf(
  line: CommandLine,
  file: string | undefined,
  origin: Origin | undefined,
  engine: EngineRecord,
): Promise<CreateStepper | undefined> {
  const shards = integerOption(line, "shards", 1);
  if (shards === undefined) return undefined;
  const url = await queueOption(line);
  if (url === undefined)
    throw new UsageError("USAGE", "--shards are computed by the workers of a queue, and --queue is missing. Write: --queue redis://HOST:PORT --shards N"); // prettier-ignore
  const { shardedStepper } = await import("@unspool/workers");
  const hash = origin?.["file"];
  return shardedStepper({
    ...{ url, shards },
    job: {
      ...(file !== undefined && { file: { name: basename(file), hash: String(hash) } }),
      needs: capability(engine, await storeOption(line)),
    },
  });
}
