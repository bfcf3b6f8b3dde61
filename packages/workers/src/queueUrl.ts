/** Where a queue is: `redis://` or `rediss://` (TLS), with name, password and number of the database as far as there are. */
import type { RedisOptions } from "ioredis";
import { OptionError } from "unspool";

export interface QueueAddress {
  options: RedisOptions;
  /** Without the password: for people. */
  shown: string;
}

/** Throws `OptionError`, which does not tell what it was given: a password may be in it. */
export function queueAddress(url: string): QueueAddress {
  const wanted =
    "redis://HOST[:PORT][/DB] or rediss://…, with USER:PASSWORD@ before HOST where it asks for them";
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const database = parsed?.pathname.replace(/^\//, "") ?? "";
  const isRight =
    parsed !== undefined &&
    ["redis:", "rediss:"].includes(parsed.protocol) &&
    parsed.hostname !== "" &&
    /^\d{0,4}$/.test(database);
  if (!isRight) throw new OptionError("queue", "url", "another address", wanted);
  const { protocol, hostname, port, username, password } = parsed;
  const isSafe = protocol === "rediss:";
  return {
    options: {
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: port === "" ? 6379 : Number(port),
      db: Number(database),
      ...(username !== "" && { username: decodeURIComponent(username) }),
      ...(password !== "" && { password: decodeURIComponent(password) }),
      ...(isSafe && { tls: {} }),
    },
    shown: `${protocol}//${hostname}:${port === "" ? "6379" : port}${database === "" ? "" : `/${database}`}`,
  };
}

/** The variable that holds an address with its password, which the list of processes does not show. */
export const queueVariable = "UNSPOOL_QUEUE";

/** What was given, or the variable's where `env` was given, or undefined where nothing was. Throws `OptionError`. */
export function queueUrl(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if (given !== "env") return given;
  const url = environment[queueVariable];
  if (url === undefined || url === "")
    throw new OptionError("queue", `the environment variable ${queueVariable}`, url, "set where --queue is env", "Write into it redis://USER:PASSWORD@HOST:PORT."); // prettier-ignore
  return url;
}
