/** `--queue` and `--store`: the address, of which nobody sees a password, and where checkpoints are kept. */
import type { BlobStore } from "@unspool/workers";
import { type CommandLine, textOption } from "../commandLine/parse.ts";
import { UsageError } from "../failure.ts";
import { shellWord } from "../runs/shellWord.ts";

const variable = "UNSPOOL_QUEUE";

/** The address as it was given, or that of `UNSPOOL_QUEUE` for `--queue env`. Undefined without the option. */
export async function queueOption(line: CommandLine): Promise<string | undefined> {
  const given = textOption(line, "queue");
  if (given !== "env") return given;
  const { queueUrl } = await import("@unspool/workers");
  return queueUrl(given);
}

/** The same of a command that is of a queue only: without the option, the variable's. */
export async function wantedQueue(line: CommandLine): Promise<string> {
  const url = (await queueOption(line)) ?? process.env[variable];
  if (url !== undefined && url !== "") return url;
  const command = `unspool ${line.command?.name}`;
  throw new UsageError("USAGE", `${command}: --queue is missing. Write: ${command} --queue redis://HOST:PORT, or set ${variable} to the address.`); // prettier-ignore
}

/** `--store`, opened; undefined without it. */
export async function storeOption(line: CommandLine): Promise<BlobStore | undefined> {
  const address = textOption(line, "store");
  if (address === undefined) return undefined;
  const { blobStore } = await import("@unspool/workers");
  return blobStore(address);
}

/** What a resume line has beside the folder, for the same queue; without a password. Empty without `--queue`. */
export function queueWords(line: CommandLine): string {
  const [queue, store] = ["queue", "store"].map((name) => textOption(line, name));
  if (queue === undefined) return "";
  const shown = queue.replace(/^(\w+:\/\/).*@/, "$1");
  return ` --queue ${shellWord(shown) ?? "URL"}${store === undefined ? "" : ` --store ${shellWord(store) ?? "STORE"}`}`;
}
