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
